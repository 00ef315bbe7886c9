import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { Page, type PageFile } from './page.js';

/** What the answers of Express and of Fastify have in common. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}

@Controller()
export class PageController {
  constructor(private readonly page: Page) {}

  @Get()
  async index(@Res({ passthrough: true }) response: HeaderSetter) {
    return answer(response, await this.page.index());
  }

  @Get('page/:file')
  async file(@Param('file') file: string, @Res({ passthrough: true }) response: HeaderSetter) {
    return answer(response, await this.page.file(file));
  }

  @Get('ash.mjs')
  async client(@Res({ passthrough: true }) response: HeaderSetter) {
    return answer(response, await this.page.client());
  }
}

function answer(response: HeaderSetter, { bytes, headers }: PageFile): StreamableFile {
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  return new StreamableFile(bytes);
}
