import { AshConfigurationError } from '../../core/index.js';

/** The numbers that a number of the configuration may be. */
interface Range {
  /** What it counts, for the message. */
  readonly what: string;
  readonly from: number;
  readonly to: number;
  /** What it is a multiple of. */
  readonly step?: number;
}

const RANGES = {
  // A tick of whole milliseconds begins at the same moment on every machine, whatever its arithmetic rounds.
  tickInterval: { what: 'a number of seconds, in whole milliseconds,', from: 0.01, to: 3_600, step: 0.001 },
  maxDrift: { what: 'a number of seconds', from: 0, to: 86_400 },
  hashSize: { what: 'a whole number of bytes', from: 1, to: 32, step: 1 },
  port: { what: 'a whole number', from: 0, to: 65_535, step: 1 },
  maxHandshakes: { what: 'a whole number', from: 1, to: 100_000, step: 1 },
  handshakeTtl: { what: 'a number of seconds', from: 1, to: 86_400 },
} as const satisfies Record<string, Range>;

/**
 * A number of the configuration.
 *
 * @param name Where it stands and how it is written there, for the message: `AshSnapshotModule: 'tickInterval'`.
 * @throws AshConfigurationError for another type, and for what is too small, too large or too fine.
 */
export function checkRange(name: string, key: keyof typeof RANGES, value: unknown): number {
  const range: Range = RANGES[key];
  if (typeof value === 'number' && value >= range.from && value <= range.to && isMultiple(value, range.step)) {
    return value;
  }
  const given = typeof value === 'number' ? `, not ${value}` : '';
  throw new AshConfigurationError(`${name} is ${range.what} from ${range.from} to ${range.to}${given}.`);
}

function isMultiple(value: number, step: number | undefined): boolean {
  if (step === undefined) return true;
  const count = value / step;
  // 0.29 / 0.001 is 289.99999999999994.
  return Math.abs(count - Math.round(count)) < 1e-6;
}
