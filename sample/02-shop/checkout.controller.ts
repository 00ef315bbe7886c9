import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { AshChain, AshProtected } from 'nestjs-ash';
import { Bank } from './bank.js';

@Controller()
export class CheckoutController {
  constructor(private readonly bank: Bank) {}

  @Post('cart')
  @HttpCode(200)
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(@Body() body: unknown) {
    return this.bank.cart(body);
  }

  @Post('checkout')
  @HttpCode(200)
  @AshProtected('POST /checkout')
  @AshChain('checkout', { after: 'POST /cart' })
  checkout() {
    return this.bank.checkout();
  }

  @Post('payment')
  @HttpCode(200)
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /checkout' })
  payment(@Body() body: unknown) {
    return this.bank.payment(body);
  }
}
