import { element, escapeHtml } from './markup.js';

/** Which values fall between which edges. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Counts values in bins of one width. What lies outside the range is counted in the first or last bin, so that no value
 * is left out.
 */
export function binsOf(values: readonly number[], from: number, to: number, width: number): Bin[] {
  const count = Math.round((to - from) / width);
  const counts = new Array<number>(count).fill(0);
  for (const value of values) {
    // A value on an edge belongs to the bin above it; rounding must not put 1.1 below 1.1.
    const bin = Math.floor((value - from) / width + 1e-9);
    counts[Math.max(0, Math.min(count - 1, bin))]!++;
  }
  return counts.map((each, index) => ({ from: from + index * width, to: from + (index + 1) * width, count: each }));
}

const chart = { width: 460, height: 120, foot: 18 };

/** A histogram as SVG, with its values as a text alternative. */
export function histogram(title: string, bins: readonly Bin[], label: (edge: number) => string): string {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const step = chart.width / bins.length;
  const bars = bins.map((bin, index) => {
    const height = (bin.count / most) * (chart.height - chart.foot - 14);
    const y = chart.height - chart.foot - height;
    const told = `${label(bin.from)} to ${label(bin.to)}: ${bin.count}`;
    const bar = {
      x: (index * step + 1).toFixed(1),
      y: y.toFixed(1),
      width: (step - 2).toFixed(1),
      height: height.toFixed(1),
    };
    const number = { x: ((index + 0.5) * step).toFixed(1), y: (y - 3).toFixed(1), class: 'count' };
    return (
      element('rect', bar, element('title', {}, escapeHtml(told))) +
      (bin.count > 0 ? element('text', number, String(bin.count)) : '')
    );
  });
  const every = Math.ceil(bins.length / 10);
  const edges = [...bins.map((bin) => bin.from), bins.at(-1)!.to]
    .map((edge, index) => ({ edge, index }))
    .filter(({ index }) => index % every === 0)
    .map(({ edge, index }) =>
      element('text', { x: (index * step).toFixed(1), y: chart.height - 4 }, escapeHtml(label(edge))),
    );
  const frame = {
    viewBox: `-14 0 ${chart.width + 28} ${chart.height}`,
    role: 'img',
    'aria-label': title,
    class: 'histogram',
  };
  return element('figure', {}, element('figcaption', {}, escapeHtml(title)), element('svg', frame, ...bars, ...edges));
}

/** A waveform as SVG that stretches to its box; the peaks are drawn as one outline around the middle. */
export function waveform(name: string, peaks: readonly number[]): string {
  const top = peaks.map((peak, index) => `${index} ${(50 - peak * 50).toFixed(1)}`);
  const bottom = peaks.map((peak, index) => `${index} ${(50 + peak * 50).toFixed(1)}`).reverse();
  const outline = peaks.length === 0 ? '' : element('path', { d: `M${[...top, ...bottom].join('L')}Z` });
  const frame = {
    class: `wave ${name}`,
    viewBox: `0 0 ${Math.max(1, peaks.length)} 100`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `waveform of the ${name}`,
  };
  return element('svg', frame, outline);
}
