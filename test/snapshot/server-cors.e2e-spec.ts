import type { ServerResponse } from 'node:http';
import { UnauthorizedException, type CanActivate } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AshSnapshotModule, type AshSnapshotControllerOptions } from 'nestjs-ash/snapshot';
import { ADAPTERS, applications, type Answer, type Setup } from '../module/application.js';

const SHOP = 'https://shop.example';
const DESK = 'http://localhost:5173';
const EVIL = 'https://evil.example';

function sharing(cors: AshSnapshotControllerOptions['cors'], guards: CanActivate[] = []): Setup {
  return {
    imports: [
      AshSnapshotModule.forRoot({
        secretKey: new Uint8Array(32),
        controller: { guards, ...(cors === undefined ? {} : { cors }) },
      }),
    ],
  };
}

/** What an answer says to a browser. */
function said({ headers }: Answer): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => /^(access-control-|vary$)/.test(name)));
}

const EXPOSED = { 'access-control-expose-headers': 'X-ASH-Snapshot-Life' };
const ALLOWED = { 'access-control-allow-origin': SHOP, ...EXPOSED };
const VARIES = { vary: 'Origin' };

describe.each(ADAPTERS)('On %s the endpoints of snapshots', (adapter) => {
  const start = applications(adapter);

  type Row = [title: string, cors: AshSnapshotControllerOptions['cors'], origin: string | undefined, headers: object];
  const rows: Row[] = [
    ['nobody, by default', undefined, SHOP, {}],
    ['nobody', false, SHOP, {}],
    ['an empty list', [], SHOP, VARIES],
    ['an origin that is named', [DESK, SHOP], SHOP, { ...ALLOWED, ...VARIES }],
    ['an origin that is not named', [SHOP], EVIL, VARIES],
    ['an origin that begins alike', [SHOP], `${SHOP}.evil.example`, VARIES],
    ['an origin of another scheme', [SHOP], SHOP.replace('https', 'http'), VARIES],
    ['an origin of another port', [SHOP], `${SHOP}:8443`, VARIES],
    ['an origin in capitals', [SHOP], SHOP.toUpperCase(), VARIES],
    ['a page without one', [SHOP], 'null', VARIES],
    ['who names none', [SHOP], undefined, VARIES],
    ['every page', '*', EVIL, { 'access-control-allow-origin': '*', ...EXPOSED }],
    ['every page, and who is none', '*', undefined, { 'access-control-allow-origin': '*', ...EXPOSED }],
  ];
  it.each(rows)('can be read by the pages of origins that may: %s', async (_title, cors, origin, headers) => {
    const application = await start(sharing(cors));
    const asking: Record<string, string> = origin === undefined ? {} : { origin };
    const answers = [
      await application.send('GET', '/snapshot', undefined, asking),
      await application.send('GET', '/snapshot?tick=4', undefined, asking),
      await application.send('POST', '/handshake', { hash: '00'.repeat(16) }, asking),
      await application.send('POST', '/handshake', { hash: '' }, asking),
      await application.send('GET', '/health', undefined, asking),
    ];
    expect(answers.map(({ status }) => status)).toStrictEqual([200, 404, 200, 400, 200]);
    for (const answer of answers) expect(said(answer)).toStrictEqual(headers);
  });

  type PreflightRow = [title: string, cors: AshSnapshotControllerOptions['cors'], origin: string, headers: object];
  const WHAT = { 'access-control-allow-headers': 'authorization, content-type', 'access-control-max-age': '600' };
  const preflights: PreflightRow[] = [
    ['an origin that is named', [SHOP], SHOP, { ...ALLOWED, ...WHAT, ...VARIES }],
    ['an origin that is not named', [SHOP], EVIL, { ...WHAT, ...VARIES }],
    ['every origin', '*', EVIL, { 'access-control-allow-origin': '*', ...EXPOSED, ...WHAT }],
  ];
  it.each(preflights)(
    'answer a browser that asks first, without a guard: %s',
    async (_title, cors, origin, headers) => {
      const application = await start(sharing(cors, [nobody]));
      for (const [path, method] of [
        ['/handshake', 'POST'],
        ['/snapshot', 'GET'],
      ] as const) {
        const answer = await application.send('OPTIONS', path, undefined, {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type',
        });
        expect(answer).toMatchObject({ status: 204, body: '' });
        expect(said(answer)).toStrictEqual({ ...headers, 'access-control-allow-methods': method });
      }
    },
  );

  it('say nothing to a browser that asks first, where no page may', async () => {
    const application = await start(sharing(false));
    const answer = await application.send('OPTIONS', '/handshake', undefined, { origin: SHOP });
    expect(said(answer)).toStrictEqual({});
  });

  it('add to what the application’s answers vary by already', async () => {
    const application = await start({
      ...sharing([SHOP]),
      configure: (app) => {
        if (adapter === 'express') return app.use(varyOfResponse);
        return (app as NestFastifyApplication).getHttpAdapter().getInstance().addHook('onRequest', varyOfReply);
      },
    });
    const answer = await application.send('GET', '/snapshot', undefined, { origin: SHOP });
    expect(said(answer)).toMatchObject({ vary: 'Accept-Encoding, Origin' });
  });

  it('let a page read that a guard refused it', async () => {
    const application = await start(sharing([SHOP], [nobody]));
    const answer = await application.send('GET', '/snapshot', undefined, { origin: SHOP });
    expect(answer.status).toBe(401);
    expect(said(answer)).toStrictEqual({ ...ALLOWED, ...VARIES });
  });
});

function varyOfReply(
  _request: unknown,
  reply: { header(name: string, value: string): unknown },
  next: () => void,
): void {
  reply.header('Vary', 'Accept-Encoding');
  next();
}

function varyOfResponse(_request: unknown, response: ServerResponse, next: () => void): void {
  response.setHeader('Vary', 'Accept-Encoding');
  next();
}

/** A guard that lets nobody in. */
const nobody: CanActivate = {
  canActivate() {
    throw new UnauthorizedException();
  },
};
