import { createGzip, type Gzip } from 'node:zlib';
import type { RequestHandler, Response } from 'express';

type Listener = () => void;
type Method = (...args: unknown[]) => unknown;

/** How a wrapper finds out whether a head is out: by Node's own mark, as older packages do, or as Node documents it. */
type HeadMark = (response: Response) => boolean;

export const NODES_MARK: HeadMark = (response) => Boolean(Reflect.get(response, '_header'));
export const HEADERS_SENT: HeadMark = (response) => response.headersSent;

/**
 * Compresses answers as the package `compression` does: it wraps `write` and `end`, makes its stream as the head is
 * written, and moves listeners for `drain` to that.
 */
export function compressing(isOut: HeadMark): RequestHandler {
  return (_request, response, next) => {
    const write = response.write.bind(response) as Method;
    const end = response.end.bind(response) as Method;
    const on = response.on.bind(response) as Method;
    const writeHead = response.writeHead.bind(response) as Method;
    const listeners: Listener[] = [];
    let stream: Gzip | undefined;
    let isEnded = false;
    let isMade = false;

    const begin = (): void => {
      if (isMade) return;
      isMade = true;
      const gzip = createGzip();
      stream = gzip;
      response.setHeader('Content-Encoding', 'gzip');
      response.removeHeader('Content-Length');
      for (const listener of listeners) gzip.on('drain', listener);
      gzip.on('data', (chunk: Buffer) => {
        if (write(chunk) === false) gzip.pause();
      });
      gzip.on('end', () => {
        end();
      });
      on('drain', () => gzip.resume());
    };
    const writeTheHead = (): void => {
      const implicit = Reflect.get(response, '_implicitHeader') as (() => void) | undefined;
      implicit?.call(response);
    };

    Object.assign(response, {
      writeHead: (...args: unknown[]) => {
        begin();
        return writeHead(...args);
      },
      write: (chunk: string | Buffer) => {
        if (isEnded) return false;
        if (!isOut(response)) writeTheHead();
        return stream?.write(chunk);
      },
      end: (chunk?: string | Buffer) => {
        if (isEnded) return response;
        if (!isOut(response)) writeTheHead();
        isEnded = true;
        if (chunk === undefined) stream?.end();
        else stream?.end(chunk);
        return response;
      },
      on: (event: string, listener: Listener) => {
        if (event !== 'drain') return on(event, listener);
        if (stream === undefined) listeners.push(listener);
        else stream.on('drain', listener);
        return response;
      },
    });
    next();
  };
}

/** Keeps the end of an answer until something is stored, as the package `express-session` does. */
export function storing(store: () => Promise<void>): RequestHandler {
  return (_request, response, next) => {
    const end = response.end.bind(response) as Method;
    let isEnded = false;
    response.end = ((chunk?: string | Buffer) => {
      if (isEnded) return response;
      isEnded = true;
      void store().then(() => (chunk === undefined ? end() : end(chunk)));
      return response;
    }) as typeof response.end;
    next();
  };
}
