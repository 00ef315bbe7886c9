import { AshError } from '../core/index.js';
import type { AshContext, AshContextOptions } from '../stores/context.js';
import type {
  AshChainLink,
  AshConsumeResult,
  AshContextStore,
  AshReserveResult,
  AshStoredLink,
} from '../stores/context-store.js';

/**
 * A store whose every answer comes within a bounded time: any error of it, a time-out included, is
 * `ASH_STORE_UNAVAILABLE`. Source: protocol, section 8.
 */
export class BoundedStore {
  /** @param timeout The longest wait for an answer, in milliseconds. */
  constructor(
    private readonly store: AshContextStore,
    private readonly timeout: number,
  ) {}

  create(options: AshContextOptions): Promise<AshContext> {
    return this.ask((store) => store.create(options));
  }

  get(id: string): Promise<AshContext | null> {
    return this.ask((store) => store.get(id));
  }

  consume(id: string): Promise<AshConsumeResult> {
    return this.ask((store) => store.consume(id));
  }

  writeLink(link: AshChainLink): Promise<void> {
    return this.ask((store) => store.writeLink(link));
  }

  getLink(hash: string): Promise<AshStoredLink | null> {
    return this.ask((store) => store.getLink(hash));
  }

  reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    return this.ask((store) => store.reserveLink(hash, holder));
  }

  releaseLink(hash: string, holder: string): Promise<boolean> {
    return this.ask((store) => store.releaseLink(hash, holder));
  }

  private async ask<T>(question: (store: AshContextStore) => Promise<T>): Promise<T> {
    try {
      const answer = question(this.store);
      return this.store.inProcess ? await answer : await this.within(answer);
    } catch (error) {
      throw new AshError('ASH_STORE_UNAVAILABLE', undefined, { cause: error });
    }
  }

  private async within<T>(answer: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The store did not answer within ${String(this.timeout)} ms.`));
      }, this.timeout);
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
