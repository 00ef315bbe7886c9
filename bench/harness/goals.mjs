/**
 * What a figure is to reach, for the table of goals.
 *
 * @param text What is measured, in words.
 * @param figure A number, or a spread whose median counts.
 * @param bound `{ atLeast }` or `{ atMost }`
 */
export function goal(text, figure, bound) {
  const value = typeof figure === 'number' ? figure : figure.median;
  const { atLeast = -Infinity, atMost = Infinity } = bound;
  return { text, figure, bound, isMet: value >= atLeast && value <= atMost };
}
