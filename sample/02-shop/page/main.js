import { changeCheckout, startCheckout } from './checkout.js';
import { byId } from './dom.js';
import { explainedFlow } from './flow.js';
import { startLab } from './lab.js';
import { readLedger } from './ledger.js';
import { watchUser } from './shop.js';
import { startTransfer } from './transfer.js';

byId('how-flow').replaceChildren(explainedFlow());
byId('terminal').textContent = `import { AshClient } from 'nestjs-ash/client';

const ash = new AshClient({ baseUrl: '${location.origin}' });
const answer = await ash.post('/transfer', { amount: 100, to: 'acct-7' });
console.log(await answer.json());`;

watchUser(changeCheckout);
startTransfer();
startCheckout();
startLab();

const notice = byId('start');
notice.hidden = true;
notice.classList.remove('late');
readLedger().catch(() => {
  notice.textContent = 'The shop does not answer. Is it still running?';
  notice.hidden = false;
});
