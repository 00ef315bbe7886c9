import { Injectable } from '@nestjs/common';

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

/** The shop's books, in memory. */
@Injectable()
export class Bank {
  readonly ledger: Ledger = { transfers: 0, uploads: 0, limits: 0, reports: 0, carts: 0, checkouts: 0, payments: 0 };

  private readonly balances = new Map<string, number>();

  /** Adds to an account and answers its balance. */
  transfer(to: string, amount: number): number {
    const balance = (this.balances.get(to) ?? 0) + amount;
    this.balances.set(to, balance);
    this.count('transfers');
    return balance;
  }

  /** Notes that a handler ran. */
  count(kind: keyof Ledger): void {
    this.ledger[kind] += 1;
  }
}
