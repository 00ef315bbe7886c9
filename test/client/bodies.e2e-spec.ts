import { AshClient } from 'nestjs-ash/client';
import {
  BODY_KINDS,
  CHANGES,
  observe,
  observeChange,
  type ChangeObservation,
  type Observation,
} from '../support/body-kinds.mjs';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import type { TestApp } from '../support/test-app.js';
import { Wire } from '../support/wire.js';

const RAW_KINDS = BODY_KINDS.filter(({ covers }) => covers === 'raw');

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('a body that AshClient sends to the shop $on', ({ start }) => {
  let shop: TestApp;
  let wire: Wire;
  let ash: AshClient;

  beforeAll(async () => {
    shop = await start();
    wire = Wire.at(shop);
    ash = new AshClient({ baseUrl: shop.origin });
  });

  afterAll(() => shop.close());

  it.each(BODY_KINDS.map((kind) => [kind.title, kind] as const))(
    'reaches the handler as it was: %s',
    async (_title, kind) => {
      let observed: Observation | undefined;
      const ran = await shop.ranDuring(async () => {
        observed = await observe(kind, ash, shop.origin);
      });

      expect(observed?.status).toBe(200);
      expect(observed?.answer).toMatchObject(observed?.expected ?? {});
      expect(observed?.fields).toEqual(kind.fields);
      // With the boundary of a form with files, which parts the bytes that were proven.
      expect(wire.take().at(-1)?.headers['content-type']).toBe(observed?.type ?? undefined);
      expect(ran).toEqual({ [kind.runs]: 1 });
    },
  );

  it.each(CHANGES.map((change) => [change.title, change] as const))(
    'is refused before the handler where somebody changes %s, each kind',
    async (_title, change) => {
      const kinds = BODY_KINDS.filter(({ covers }) => change.to.includes(covers));
      const observed: Record<string, ChangeObservation> = {};
      const ran = await shop.ranDuring(() =>
        Promise.all(
          kinds.map(async (kind) => {
            observed[kind.title] = await observeChange(kind, change, ash, shop.origin);
          }),
        ),
      );

      const refused = { code: change.code, mayHaveRun: false, sendings: expect.any(Number) };
      expect(observed).toEqual(Object.fromEntries(kinds.map(({ title }) => [title, refused])));
      expect(ran).toEqual({});
    },
  );

  it.each(['text/html', 'multipart/form-data; boundary=another'])(
    'is what a route of bytes covers, and not its content type: changed to %s it passes',
    async (type) => {
      let statuses: number[] = [];
      const ran = await shop.ranDuring(async () => {
        const fetch = (url: string, init: RequestInit): Promise<Response> => {
          const headers = new Headers(init.headers);
          headers.set('content-type', type);
          return globalThis.fetch(url, { ...init, headers });
        };
        const responses = await Promise.all(
          RAW_KINDS.map((kind) => kind.send(ash, { base: shop.origin, own: { fetch } })),
        );
        statuses = responses.map(({ status }) => status);
      });

      expect(statuses).toEqual(RAW_KINDS.map(() => 200));
      expect(ran).toEqual({ uploads: RAW_KINDS.length });
    },
  );
});
