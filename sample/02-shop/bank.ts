import { createHash } from 'node:crypto';
import { badRequest, bytesOf, fieldsOf, readTransfer, type Transfer } from './input.js';
import { ShopError } from './shop-error.js';

/** How often each kind of handler really ran: what the promise of "once" is held against. */
export interface Ledger {
  transfers: number;
  uploads: number;
  limits: number;
  reports: number;
  carts: number;
  checkouts: number;
  payments: number;
}

/** What the shop does, with its books in memory: the same, whichever framework a request comes through. */
export class Bank {
  readonly ledger: Ledger = { transfers: 0, uploads: 0, limits: 0, reports: 0, carts: 0, checkouts: 0, payments: 0 };

  private readonly balances = new Map<string, number>();

  transfer(body: unknown) {
    const { amount, to } = readTransfer(body);
    return { transferred: amount, to, balance: this.book({ amount, to }) };
  }

  /** A transfer that shows what of its body came to it. */
  quick(body: unknown) {
    const transfer = readTransfer(body);
    this.book(transfer);
    return { transferred: transfer.amount, received: body };
  }

  upload(body: unknown) {
    const bytes = bytesOf(body);
    this.ledger.uploads += 1;
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  report(query: unknown) {
    this.ledger.reports += 1;
    return query;
  }

  limit(id: string, body: unknown) {
    const { limit } = fieldsOf(body);
    if (typeof limit !== 'number') throw badRequest('limit: a number is needed');
    this.ledger.limits += 1;
    return { id, limit };
  }

  cart(body: unknown) {
    const { sku, quantity } = fieldsOf(body);
    if (typeof sku !== 'string') throw badRequest('sku: the name of an article is needed');
    if (typeof quantity !== 'number' || quantity < 1) throw badRequest('quantity: 1 or more is needed');
    this.ledger.carts += 1;
    return { sku, quantity };
  }

  checkout() {
    this.ledger.checkouts += 1;
    return { ready: true };
  }

  payment(body: unknown) {
    const { card } = fieldsOf(body);
    if (typeof card !== 'string') throw badRequest('card: a card is needed');
    if (card === 'declined') throw new ShopError(402, 'The card was declined');
    this.ledger.payments += 1;
    return { paid: true };
  }

  /** Adds to an account and answers its balance. */
  private book({ amount, to }: Transfer): number {
    const balance = (this.balances.get(to) ?? 0) + amount;
    this.balances.set(to, balance);
    this.ledger.transfers += 1;
    return balance;
  }
}
