import { AshContextStore, type AshIssuedContext } from 'nestjs-ash';
import type { Answer, Application } from './application.js';

/** What a request is sent with beside its context. */
export type Sending = Parameters<Application['use']>[1];

/** What asks for the next context. */
export const RENEW = { 'x-ash-renew': '1' };

/** Sends a request that is proven with a context, and asks for the next one. */
export function renew(application: Application, context: AshIssuedContext, sending: Sending): Promise<Answer> {
  return application.use(context, { ...sending, headers: { ...RENEW, ...sending.headers } });
}

/** The context that a header carries. */
export function contextIn(header: string): AshIssuedContext {
  if (!/^[\w-]+$/.test(header)) throw new Error(`X-ASH-Context is no base64url: ${header}`);
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as AshIssuedContext;
}

/** The context that an answer carries, if it carries one. */
export function nextOf({ headers }: Answer): AshIssuedContext | undefined {
  const value = headers.get('x-ash-context');
  return value === null ? undefined : contextIn(value);
}

/** The context that an answer has to carry. */
export function renewed(answer: Answer): AshIssuedContext {
  const next = nextOf(answer);
  if (next === undefined)
    throw new Error(`The answer ${answer.status} carries no context: ${JSON.stringify(answer.body)}`);
  return next;
}

/** The identifiers of the contexts that an application issues from now on. */
export function issuedBy(application: Application): string[] {
  const store = application.get(AshContextStore);
  const create = store.create.bind(store);
  const issued: string[] = [];
  store.create = async (options) => {
    const context = await create(options);
    issued.push(context.id);
    return context;
  };
  return issued;
}
