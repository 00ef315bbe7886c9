import type { IncomingMessage } from 'node:http';
import { AshModule, type AshModuleOptions } from 'nestjs-ash';

/** A request as a framework types it, with what the application put on it. */
interface OwnRequest extends IncomingMessage {
  method: string;
  originalUrl: string;
  params: Record<string, string>;
  user?: { id: string; isPremium: boolean };
}

describe('The functions of an application', () => {
  it('may type the request as their framework does', () => {
    const options: AshModuleOptions = {
      subject: (request: OwnRequest) => request.user?.id,
      ttl: (request: OwnRequest) => (request.user?.isPremium ? 60_000 : 30_000),
      onVerified: (_event, { user }: OwnRequest) => {
        if (user === undefined) throw new Error('nobody');
      },
      onRefused: (_event, { user }: OwnRequest) => {
        if (user === undefined) throw new Error('nobody');
      },
    };
    expect(() => AshModule.forRoot(options)).not.toThrow();
  });
});
