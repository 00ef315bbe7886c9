import { once } from 'node:events';
import { connect } from 'node:net';

const HOST = '127.0.0.1';
const READ_BYTES = 16_384;
const WITHIN = 180_000;

/**
 * Connections that are kept open, each of which writes its next request as soon as the last one is answered. It reads of
 * HTTP no more than what it checks, so that it costs little beside the server.
 */
export class ClosedLoop {
  #connections;

  constructor(connections) {
    this.#connections = connections;
  }

  /** Opens so many connections to a port of this machine. */
  static async open(port, count) {
    return new ClosedLoop(await Promise.all(Array.from({ length: count }, () => Connection.open(port))));
  }

  /**
   * Sends all requests once, and checks every answer.
   *
   * @param requests Whole requests, as bytes.
   * @param expected The status and the body of every answer: any other fails the run.
   * @returns How long all of it took, in seconds, and each request, in milliseconds.
   */
  async run(requests, expected) {
    let limit;
    const late = new Promise((_, reject) => {
      limit = setTimeout(() => reject(new Error(`The load did not end within ${WITHIN} ms.`)), WITHIN);
    });
    try {
      return await Promise.race([this.#sendAll(requests, expected), late]);
    } finally {
      clearTimeout(limit);
    }
  }

  #sendAll(requests, expected) {
    return new Promise((resolve, reject) => {
      const latencies = new Float64Array(requests.length);
      let [sent, answered] = [0, 0];
      const begin = performance.now();
      const sendOn = (connection) => {
        if (sent < requests.length) connection.send(requests[sent++]);
      };
      const onAnswer = (answer, connection) => {
        if (answer.status !== expected.status || answer.body !== expected.body) {
          reject(new Error(`Answered ${answer.status} ${answer.body}, not ${expected.status} ${expected.body}`));
          return;
        }
        latencies[answered++] = answer.latency;
        if (answered < requests.length) sendOn(connection);
        else resolve({ seconds: (performance.now() - begin) / 1_000, latencies });
      };
      for (const connection of this.#connections) connection.listen(onAnswer, reject);
      for (const connection of this.#connections) sendOn(connection);
    });
  }

  /** Sends one request. */
  ask(request) {
    const [connection] = this.#connections;
    return new Promise((resolve, reject) => {
      connection.listen(resolve, reject);
      connection.send(request);
    });
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }
}

/** One connection, with one request under way at a time. */
class Connection {
  #socket;
  #onAnswer;
  #onFault;
  #sentAt;
  /** The beginning of an answer whose end has not come. */
  #rest;

  constructor(port) {
    const onread = {
      buffer: Buffer.alloc(READ_BYTES),
      callback: (count, buffer) => {
        try {
          this.#read(buffer.subarray(0, count));
        } catch (error) {
          this.#onFault?.(error);
        }
        return true;
      },
    };
    this.#socket = connect({ host: HOST, port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#onFault?.(error));
    this.#socket.on('close', () => this.#onFault?.(new Error('The server has closed a connection.')));
  }

  static async open(port) {
    const connection = new Connection(port);
    await once(connection.#socket, 'connect');
    return connection;
  }

  listen(onAnswer, onFault) {
    this.#onAnswer = onAnswer;
    this.#onFault = onFault;
  }

  send(request) {
    this.#sentAt = performance.now();
    this.#socket.write(request);
  }

  close() {
    this.#onFault = undefined;
    this.#socket.destroy();
  }

  #read(chunk) {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const answer = readAnswer(bytes);
    if (answer === undefined) {
      // The next chunk is read into the same memory.
      this.#rest = Buffer.from(bytes);
      return;
    }
    this.#rest = undefined;
    this.#onAnswer({ ...answer, latency: performance.now() - this.#sentAt }, this);
  }
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** The status and the body of an answer that is there whole. */
function readAnswer(bytes) {
  const headEnd = bytes.indexOf(HEAD_END, 0, 'latin1');
  if (headEnd === -1) return undefined;
  const head = bytes.latin1Slice(0, headEnd);
  const length = LENGTH.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 ') || length === undefined) throw new Error(`No answer with a length: ${head}`);
  const bodyBegin = headEnd + HEAD_END.length;
  const bodyEnd = bodyBegin + Number(length);
  if (bytes.length < bodyEnd) return undefined;
  if (bytes.length > bodyEnd) throw new Error('More came than one answer.');
  return { status: Number(head.slice(9, 12)), body: bytes.utf8Slice(bodyBegin, bodyEnd) };
}
