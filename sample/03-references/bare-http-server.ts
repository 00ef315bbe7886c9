import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  ASH_VERIFIED_HEADER,
  AshError,
  ashIssue,
  AshMemoryStore,
  ashParseJson,
  ashRefusalBody,
  ashVerify,
  isAshError,
  type AshContextStore,
  type AshRefusal,
  type AshServerOptions,
} from 'nestjs-ash/server';
import { serve } from './serve.js';

/** Longest body that is taken, in bytes. */
const LONGEST_BODY = 65_536;

/** What the route demands: one constant for both calls, which is made ready by the first of them. */
const TRANSFER: AshServerOptions = { expectedBinding: 'POST /transfer', payload: 'json' };

/** An answer that is still to be sent. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** A server of Node's own `http`, without any framework. */
export async function startServer(port?: number) {
  const store = new AshMemoryStore();
  return serve((request, response) => void respond(store, request, response), store, port);
}

async function respond(store: AshContextStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await answerTo(store, request);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

async function answerTo(store: AshContextStore, request: IncomingMessage): Promise<Answer> {
  try {
    return await route(store, request);
  } catch (error) {
    if (isAshError(error)) return refused(error);
    // A client that goes away while it sends is no fault of the server.
    if (request.complete) console.error(error);
    return failed(500, 'Internal server error');
  }
}

async function route(store: AshContextStore, request: IncomingMessage): Promise<Answer> {
  const { method = '', url = '', headers } = request;
  const bytes = await readBytes(request);
  if (bytes === undefined) return failed(413, `The body is longer than ${LONGEST_BODY} bytes`);
  const [path] = url.split('?');
  switch (`${method} ${path ?? ''}`) {
    case 'POST /ash/context':
      return issue(store, readJson(bytes));
    case 'POST /transfer': {
      // Another content type than JSON is refused by the verification.
      const verdict = await ashVerify(store, { method, url, headers, body: readJson(bytes) }, TRANSFER);
      if (!verdict.ok) return refused(verdict);
      // What the handler works with is what the proof covers.
      return { ...transfer(verdict.request.payload), headers: { [ASH_VERIFIED_HEADER]: 'true' } };
    }
    default:
      return failed(404, `There is no ${method} ${path ?? ''}`);
  }
}

/** The endpoint that issues contexts: `{ "binding": "POST /transfer" }`. */
async function issue(store: AshContextStore, body: unknown): Promise<Answer> {
  const { binding } = fieldsOf(body);
  if (typeof binding !== 'string') return failed(400, 'binding: the name of a route is needed');
  // The answer holds the secret of the context.
  return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: await ashIssue(store, { binding }, TRANSFER) };
}

/** The handler. */
function transfer(payload: unknown): Answer {
  const { amount, to } = fieldsOf(payload);
  if (typeof amount !== 'number' || amount <= 0) return failed(400, 'amount: a number above 0 is needed');
  if (typeof to !== 'string') return failed(400, 'to: the name of an account is needed');
  return { status: 200, body: { transferred: amount, to } };
}

/** The bytes of a body; nothing for one that is too long. */
async function readBytes(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    // The rest is read and dropped, since a client that still sends hears no answer; Node bounds the time of it.
    if (length <= LONGEST_BODY) chunks.push(chunk);
  }
  return length <= LONGEST_BODY ? Buffer.concat(chunks) : undefined;
}

/** The value of a body of JSON, of which no two readers have two opinions; nothing for none. */
function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AshError('ASH_CANONICALIZATION_ERROR', 'The body is not UTF-8.', { cause });
  }
  return ashParseJson(text);
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function refused(refusal: AshRefusal | AshError): Answer {
  const body = ashRefusalBody(refusal);
  return { status: body.statusCode, body };
}

function failed(status: number, message: string): Answer {
  return { status, body: { statusCode: status, error: STATUS_CODES[status], message } };
}
