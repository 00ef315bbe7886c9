import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

/** A request as it goes over the wire: what an attack changes before it is sent. */
export interface Draft {
  method: string;
  /** The request target as it stands in the request line: path and query. */
  path: string;
  /** A list sends its header once for each item. */
  headers: Record<string, string | string[]>;
  body: string | Uint8Array | undefined;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** The code of a refusal of the protocol. */
  readonly code: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The JSON of the answer; `undefined` where it is none. */
  readonly body: unknown;
}

/** A request that is under way, and can be given up. */
export interface PendingRequest {
  readonly answer: Promise<Answer>;
  /** Ends the connection, as a client does that goes away. */
  hangUp(): void;
}

/** A copy that can be changed without the other. */
export function copyOf(draft: Draft): Draft {
  return { ...draft, headers: { ...draft.headers } };
}

/** Sends a request with Node's own client, which leaves every header as it is and adds no body's framing by itself. */
export function begin(port: number, draft: Draft): PendingRequest {
  const { method, path, headers, body } = draft;
  const isFramed = ['content-length', 'transfer-encoding'].some((name) => name in headers);
  const request = httpRequest({ host: '127.0.0.1', port, method, path, agent: false });
  // A POST without a body would otherwise be framed with a length of 0.
  request.removeHeader('content-length');
  request.removeHeader('transfer-encoding');
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  if (body !== undefined && !isFramed) request.setHeader('content-length', Buffer.byteLength(body));
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.end(body);
  });
  return {
    answer,
    hangUp: () => {
      request.destroy();
    },
  };
}

/** Sends a request and waits for its answer. */
export function send(port: number, draft: Draft): Promise<Answer> {
  return begin(port, draft).answer;
}

/**
 * Sends a request byte for byte, for what Node's own client refuses to write: control characters, bytes beyond ASCII,
 * a space in the request target. Headers and path are written as latin1.
 */
export function sendBytes(port: number, { method, path, headers, body = '' }: Draft): Promise<Answer> {
  const lines = Object.entries({ host: '127.0.0.1', connection: 'close', ...headers }).flatMap(([name, value]) =>
    [value].flat().map((item) => `${name}: ${item}`),
  );
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const head = [`${method} ${path} HTTP/1.1`, ...lines, length, '', ''].join('\r\n');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      resolve(parseAnswer(Buffer.concat(chunks).toString('utf8')));
    });
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]));
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString('utf8'));
}

function parseAnswer(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return answerOf(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), {}, rest.join('\r\n\r\n'));
}

function answerOf(status: number, headers: IncomingHttpHeaders, text: string): Answer {
  const body = jsonOf(text);
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined;
  return { status, code, headers, text, body };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A page, a stream or nothing at all: the text says what it was.
    return undefined;
  }
}
