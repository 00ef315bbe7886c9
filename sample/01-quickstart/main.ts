import { AshClient } from 'nestjs-ash/client';
import { start } from './app.js';

async function main(): Promise<void> {
  const app = await start(Number(process.env['PORT'] ?? 3000));
  const ash = new AshClient({ baseUrl: await app.getUrl() });
  const answer = await ash.post('/transfer', { amount: 100, to: 'acct-7' });
  console.log(await answer.json());
  await app.close();
}

void main();
