import { Controller, Get, Header } from '@nestjs/common';
import { Bank, type Ledger } from './bank.js';

@Controller()
export class ShopController {
  constructor(private readonly bank: Bank) {}

  @Get('ledger')
  @Header('Cache-Control', 'no-store')
  ledger(): Ledger {
    return this.bank.ledger;
  }
}
