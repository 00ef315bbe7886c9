import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  Controller,
  Get,
  Header,
  Inject,
  InternalServerErrorException,
  NotFoundException,
  Param,
  StreamableFile,
} from '@nestjs/common';

/** Where the files of the page lie. */
export interface PageLocation {
  /** The page's own files: `index.html` and what it loads. */
  readonly folder: string;
  /** The client for browsers, which `npm run build` makes. */
  readonly client: string;
}

export const PAGE_LOCATION = Symbol('shop:page');

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

/** Serves the shop's page: plain files, as they are. */
@Controller()
export class PageController {
  constructor(@Inject(PAGE_LOCATION) private readonly location: PageLocation) {}

  @Get()
  @Header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  @Header('Cache-Control', 'no-cache')
  @Header('Referrer-Policy', 'no-referrer')
  @Header('X-Content-Type-Options', 'nosniff')
  async page() {
    return fileAt(join(this.location.folder, 'index.html'));
  }

  @Get('page/:file')
  @Header('Cache-Control', 'no-cache')
  @Header('X-Content-Type-Options', 'nosniff')
  async file(@Param('file') file: string) {
    if (!FILE_NAME.test(file)) throw new NotFoundException();
    return fileAt(join(this.location.folder, file));
  }

  @Get('ash.mjs')
  @Header('Cache-Control', 'no-cache')
  @Header('X-Content-Type-Options', 'nosniff')
  async client() {
    try {
      return await fileAt(this.location.client);
    } catch (error) {
      if (!(error instanceof NotFoundException)) throw error;
      throw new InternalServerErrorException("dist/browser/ash.mjs is missing: 'npm run build' makes it.");
    }
  }
}

async function fileAt(path: string): Promise<StreamableFile> {
  try {
    return new StreamableFile(await readFile(path), { type: TYPES[extname(path)] ?? 'application/octet-stream' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new NotFoundException();
    throw error;
  }
}
