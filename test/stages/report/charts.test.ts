import { describe, expect, it } from 'vitest';
import { binsOf, histogram, waveform } from '../../../src/stages/report/charts.js';
import { element, escapeHtml } from '../../../src/stages/report/markup.js';

describe('binsOf', () => {
  it('counts every value once, those outside in the outermost bins', () => {
    const bins = binsOf([-900, -25, 0, 24.9, 25, 900], -50, 50, 25);
    expect(bins.map((bin) => bin.count)).toEqual([1, 1, 2, 2]);
    expect(bins.map((bin) => bin.from)).toEqual([-50, -25, 0, 25]);
  });

  it('puts a value on an edge into the bin above it, rounding aside', () => {
    const bins = binsOf([1.1, 1.15, 1.2], 0.85, 1.3, 0.05);
    expect(bins.map((bin) => bin.count)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 0]);
  });
});

describe('histogram', () => {
  it('has a bar for each bin and tells each in words', () => {
    const svg = histogram('Tempo', binsOf([1, 1, 1.2], 0.9, 1.3, 0.1), (edge) => edge.toFixed(1));
    expect(svg.match(/<rect/g)).toHaveLength(4);
    expect(svg).toContain('<title>1.0 to 1.1: 2</title>');
    expect(svg).toContain('<title>0.9 to 1.0: 0</title>');
  });
});

describe('waveform', () => {
  it('draws each peak above and below the middle', () => {
    expect(waveform('dub', [0, 1, 0.5])).toContain('d="M0 50.0L1 0.0L2 25.0L2 75.0L1 100.0L0 50.0Z"');
  });

  it('draws nothing where there is no track', () => {
    expect(waveform('source', [])).not.toContain('<path');
  });
});

describe('element', () => {
  it('escapes attributes and leaves out undefined ones', () => {
    expect(element('td', { title: '"><script>', lang: undefined }, escapeHtml('<b>'))).toBe(
      '<td title="&quot;&gt;&lt;script&gt;">&lt;b&gt;</td>',
    );
  });
});
