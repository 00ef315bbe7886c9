import { number } from './figures.mjs';

// Small pictures in SVG. Their greys and blues have contrast enough on a white page and on a black one, since an image
// does not know which it stands on.

const TEXT = '#787d83';
const LINE = '#8b9198';
const PEER = '#8b9198';
const OWN = '#2f81f7';
const COLOURS = ['#2f81f7', '#d4762c', '#2da160', '#c0569d', '#a1850f', '#8168d8'];
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';

const BARS = { width: 720, left: 220, right: 110, top: 40, step: 30, height: 18, bottom: 46 };

/**
 * A bar for each case, ours beside those of peers, with a thin line from the least to the most of the rounds.
 *
 * @param picture `{ title, bars: [{ label, figure, own }] }`; a figure is a number or a spread.
 */
export function barChart({ title, unit = 'share of the bare route', bars }) {
  const { width, left, right, top, step, bottom } = BARS;
  const height = top + bars.length * step + bottom;
  const highest = niceEnd(Math.max(...bars.map(({ figure }) => spreadOf(figure).max)));
  const across = (value) => left + (value / highest) * (width - left - right);
  const base = top + bars.length * step;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * highest);
  return picture({ title, width, height }, [
    heading(title, 16),
    ...ticks.flatMap((value) => [
      line(across(value), top - 4, across(value), base, 0.35),
      text(across(value), base + 16, number(value), 'middle'),
    ]),
    text((left + width - right) / 2, base + 34, unit, 'middle'),
    ...bars.flatMap((bar, index) => barOf(bar, top + index * step, across)),
  ]);
}

function barOf({ label, figure, own }, y, across) {
  const { median, min, max } = spreadOf(figure);
  const middle = y + BARS.height / 2;
  const weight = own ? 'bold' : 'normal';
  return [
    text(BARS.left - 10, middle + 4, label, 'end', { weight }),
    `<rect x="${at(across(0))}" y="${y}" width="${at(across(median) - across(0))}" height="${BARS.height}" rx="2" fill="${own ? OWN : PEER}"/>`,
    ...(min < max ? errorBar(across(min), across(max), middle) : []),
    text(Math.max(across(max), across(median)) + 8, middle + 4, number(median), 'start', { weight }),
  ];
}

function errorBar(from, to, y) {
  const path = `M${at(from)} ${y - 4}V${y + 4}M${at(from)} ${y}H${at(to)}M${at(to)} ${y - 4}V${y + 4}`;
  // Dark within light, so that it shows over a bar and beside it, on any page.
  return [
    `<path d="${path}" fill="none" stroke="#ffffff" stroke-width="3"/>`,
    `<path d="${path}" fill="none" stroke="#1f2328" stroke-width="1"/>`,
  ];
}

const CHART = { width: 360, height: 260, left: 64, right: 20, top: 34, bottom: 46 };
const CHARTS_A_ROW = 2;
const LINES_TOP = 30;
const LEGEND_STEP = 16;

/**
 * A chart for each unit on which curves stand, with two logarithmic axes: what grows as fast as its cause is as steep as
 * the dashed line.
 *
 * @param curves `[{ title, unitX, unitY, points: [{ x, y }] }]`
 */
export function lineCharts(title, curves) {
  const groups = byUnit(curves);
  const charts = [];
  let y = LINES_TOP;
  for (let index = 0; index < groups.length; index += CHARTS_A_ROW) {
    const row = groups.slice(index, index + CHARTS_A_ROW);
    for (const [column, group] of row.entries()) {
      charts.push(`<g transform="translate(${column * CHART.width} ${y})">${lineChart(group).join('')}</g>`);
    }
    y += CHART.height + Math.max(...row.map((group) => group.length)) * LEGEND_STEP + LEGEND_STEP;
  }
  const width = CHART.width * CHARTS_A_ROW;
  const legend = text(width - CHART.right, 20, '- - -  as steep as what grows linearly', 'end');
  return picture({ title, width, height: y }, [heading(title, 16), legend, ...charts]);
}

function byUnit(curves) {
  const groups = {};
  for (const curve of curves) (groups[curve.unitX] ??= []).push(curve);
  return Object.values(groups);
}

function lineChart(curves) {
  const points = curves.flatMap((curve) => curve.points);
  const { width, height, left, right, top, bottom } = CHART;
  const horizontal = axis(
    points.map(({ x }) => x),
    left,
    width - right,
  );
  const vertical = axis(
    points.map(({ y }) => y),
    height - bottom,
    top,
  );
  const [{ unitX, unitY }] = curves;
  return [
    ...horizontal.decades.flatMap((x) => [
      line(horizontal.of(x), top, horizontal.of(x), height - bottom, 0.35),
      text(horizontal.of(x), height - bottom + 16, short(x), 'middle'),
    ]),
    ...vertical.decades.flatMap((y) => [
      line(left, vertical.of(y), width - right, vertical.of(y), 0.35),
      text(left - 8, vertical.of(y) + 4, short(y), 'end'),
    ]),
    text((left + width - right) / 2, height - bottom + 34, unitX, 'middle'),
    text(left, top - 10, unitY, 'end'),
    linear(horizontal, vertical),
    ...curves.flatMap((curve, index) => lineOf(curve, index, horizontal, vertical)),
  ];
}

/** A line of the steepness 1 through the lower corner: what is linear. */
function linear(horizontal, vertical) {
  const decades = Math.min(horizontal.decades.length, vertical.decades.length) - 1;
  const [x, y] = [horizontal.decades[0], vertical.decades[0]];
  const ends = [horizontal.of(x), vertical.of(y), horizontal.of(x * 10 ** decades), vertical.of(y * 10 ** decades)];
  return line(...ends, 1, 'stroke-dasharray="4 4"');
}

function lineOf({ title, points }, index, horizontal, vertical) {
  const colour = COLOURS[index % COLOURS.length];
  const places = points.map(({ x, y }) => `${at(horizontal.of(x))} ${at(vertical.of(y))}`);
  const y = CHART.height + index * LEGEND_STEP;
  return [
    `<path d="M${places.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map((place) => `<circle cx="${place.replace(' ', '" cy="')}" r="3" fill="${colour}"/>`),
    `<path d="M${CHART.left} ${y}h16" stroke="${colour}" stroke-width="3"/>`,
    text(CHART.left + 22, y + 4, title, 'start'),
  ];
}

/** A logarithmic axis over whole decades. */
function axis(values, from, to) {
  const first = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    decades: Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)),
    of: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from),
  };
}

function picture({ title, width, height }, parts) {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title" ${FONT} font-size="12">`;
  return `${[head, `<title id="title">${escaped(title)}</title>`, ...parts, '</svg>'].join('\n')}\n`;
}

function heading(title, x) {
  return text(x, 20, title, 'start', { weight: 'bold', size: 14 });
}

function text(x, y, content, anchor, { weight = 'normal', size = 12 } = {}) {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-weight="${weight}" font-size="${size}" fill="${TEXT}">${escaped(String(content))}</text>`;
}

function line(x1, y1, x2, y2, opacity, more = '') {
  return `<path d="M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}" stroke="${LINE}" stroke-opacity="${opacity}" ${more}/>`;
}

function spreadOf(figure) {
  return typeof figure === 'number' ? { median: figure, min: figure, max: figure } : figure;
}

/** A round number at or above the highest value. */
function niceEnd(highest) {
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].map((step) => step * power).find((end) => end >= highest * (1 - 1e-9));
}

const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const short = (value) => SHORT.format(value);

const at = (place) => Number(place.toFixed(1));

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
