/** What bounds the memory of the handshakes. */
export interface HandshakeOptions {
  /** The length of a handshake's hash, in bytes. */
  readonly hashSize: number;
  /** How long a handshake is remembered, in milliseconds. */
  readonly ttl: number;
  /** How many are remembered at most; beyond it the oldest is forgotten. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * The handshakes of late. A handshake proves nothing, since its hash has no secret: it is remembered so that an operator
 * sees how many clients there are.
 *
 * Source: protocol, section 10.
 */
export class Handshakes {
  /** When each ends, oldest first. */
  private readonly ends = new Map<string, number>();
  private readonly hash: RegExp;

  constructor(private readonly options: HandshakeOptions) {
    this.hash = new RegExp(`^[0-9a-f]{${String(2 * options.hashSize)}}$`, 'i');
  }

  /** Remembers a handshake; `false` for what is none. */
  accept(hash: unknown): boolean {
    if (typeof hash !== 'string' || !this.hash.test(hash)) return false;
    // Bytes of its own: a text that was cut out of a body would keep the whole of it in memory.
    const key = Buffer.from(hash, 'hex').toString('latin1');
    this.ends.delete(key);
    this.ends.set(key, this.options.clock() + this.options.ttl);
    this.forget();
    return true;
  }

  /** The length of a handshake's hash, in bytes. */
  get hashSize(): number {
    return this.options.hashSize;
  }

  /** How many are remembered. */
  get size(): number {
    this.forget();
    return this.ends.size;
  }

  private forget(): void {
    const now = this.options.clock();
    for (const [hash, end] of this.ends) {
      if (end > now && this.ends.size <= this.options.limit) break;
      this.ends.delete(hash);
    }
  }
}
