import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Draft } from '../support/http.js';

/** An answer with its bytes as they came. */
export interface BytesAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Sends a request for an answer that is no text. */
export function sendForBytes(port: number, { method, path, headers, body }: Draft): Promise<BytesAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}

/** Sends requests over one connection without waiting for answers, and gives the answers in their order. */
export function sendPipelined(
  port: number,
  drafts: readonly Draft[],
): Promise<Pick<BytesAnswer, 'status' | 'headers'>[]> {
  const texts = drafts.map(({ method, path, headers, body = '' }, index) => {
    const connection = index === drafts.length - 1 ? 'close' : 'keep-alive';
    const all = { host: '127.0.0.1', connection, 'content-length': String(Buffer.byteLength(body)), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`);
    return [`${method} ${path} HTTP/1.1`, ...lines, '', String(body)].join('\r\n');
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('end', () => {
      resolve(text.split(/(?=HTTP\/1\.1 \d{3})/).map(readHead));
    });
    socket.write(texts.join(''));
  });
}

function readHead(text: string): Pick<BytesAnswer, 'status' | 'headers'> {
  const [head = ''] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line) => line.split(': ', 2)).map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(pairs) as IncomingHttpHeaders };
}
