/** What many rounds of one figure come to. */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export function median(values) {
  return percentile(values, 0.5);
}

/** The value below which a share of all values lies. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Each round's value as a share of another case's in the same round. */
export function ratio(values, base) {
  return spread(values.map((value, round) => value / base[round]));
}

const DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three digits that count; a large number whole. */
export function number(value) {
  return (Math.abs(value) < 1_000 ? DIGITS : WHOLE).format(value);
}

/** `0.83 (0.80–0.85)`: the median, and between which values the rounds lay. */
export function written(figure) {
  if (typeof figure === 'string') return figure;
  if (typeof figure === 'number') return number(figure);
  const { median: middle, min, max } = figure;
  return `${number(middle)} (${number(min)}–${number(max)})`;
}
