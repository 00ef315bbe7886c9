import { BadRequestException, Body, Controller, HttpCode, HttpException, HttpStatus, Post } from '@nestjs/common';
import { AshChain, AshProtected } from 'nestjs-ash';
import { Bank } from './bank.js';
import { fieldsOf } from './input.js';

@Controller()
export class CheckoutController {
  constructor(private readonly bank: Bank) {}

  @Post('cart')
  @HttpCode(200)
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(@Body() body: unknown) {
    const { sku, quantity } = fieldsOf(body);
    if (typeof sku !== 'string') throw new BadRequestException('sku: the name of an article is needed');
    if (typeof quantity !== 'number' || quantity < 1) throw new BadRequestException('quantity: 1 or more is needed');
    this.bank.count('carts');
    return { sku, quantity };
  }

  @Post('checkout')
  @HttpCode(200)
  @AshProtected('POST /checkout')
  @AshChain('checkout', { after: 'POST /cart' })
  checkout() {
    this.bank.count('checkouts');
    return { ready: true };
  }

  @Post('payment')
  @HttpCode(200)
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /checkout' })
  payment(@Body() body: unknown) {
    const { card } = fieldsOf(body);
    if (typeof card !== 'string') throw new BadRequestException('card: a card is needed');
    if (card === 'declined') throw new HttpException('The card was declined', HttpStatus.PAYMENT_REQUIRED);
    this.bank.count('payments');
    return { paid: true };
  }
}
