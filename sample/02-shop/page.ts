import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ShopError } from './shop-error.js';

/** A file of the page, with the headers that it is answered with. */
export interface PageFile {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Nothing comes from elsewhere, nothing is inline, nobody frames the page, and a form never leaves it by itself. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A name that cannot lead out of its folder. */
const FILE_NAME = /^[a-z][a-z-]*\.(?:css|js|svg)$/;

/** The shop's page: plain files, as they are. */
export class Page {
  /**
   * @param folder Where the page's own files lie: `index.html` and what it loads.
   * @param clientPath The client for browsers, which `npm run build` makes.
   */
  constructor(
    private readonly folder: string,
    private readonly clientPath: string,
  ) {}

  async index(): Promise<PageFile> {
    const { bytes, headers } = await fileAt(join(this.folder, 'index.html'));
    const policies = { 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Referrer-Policy': 'no-referrer' };
    return { bytes, headers: { ...headers, ...policies } };
  }

  /** A file that the page loads. */
  async file(name: string): Promise<PageFile> {
    if (!FILE_NAME.test(name)) throw new ShopError(404, 'The page has no such file');
    return fileAt(join(this.folder, name));
  }

  async client(): Promise<PageFile> {
    try {
      return await fileAt(this.clientPath);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      throw new ShopError(500, "dist/browser/ash.mjs is missing: 'npm run build' makes it.");
    }
  }
}

async function fileAt(path: string): Promise<PageFile> {
  try {
    const bytes = await readFile(path);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    return {
      bytes,
      headers: { 'Content-Type': type, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' },
    };
  } catch (error) {
    if (isMissing(error)) throw new ShopError(404, 'The page has no such file');
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
