/**
 * By how much a figure grows from the first point to the last, by the straight line that lies nearest to all of them, as
 * a share of its mean.
 *
 * @param points Pairs of when and how much.
 */
export function growthOf(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const together = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const alone = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const span = points.at(-1)[0] - points[0][0];
  return ((together / alone) * span) / meanY;
}
