import { Controller, Get, Header } from '@nestjs/common';
import { Bank, type Ledger } from './bank.js';
import { PAGE } from './page.js';

@Controller()
export class ShopController {
  constructor(private readonly bank: Bank) {}

  @Get('ledger')
  ledger(): Ledger {
    return this.bank.ledger;
  }

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }
}
