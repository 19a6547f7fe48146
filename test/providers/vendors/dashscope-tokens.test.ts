import { describe, expect, it } from 'vitest';
import { tokenUnits } from '../../../src/providers/vendors/completions/tokens.js';

describe('what answers are billed by', () => {
  it('is what went in and what came out, added up', () => {
    const answers = [
      { input: 10, output: 3, undivided: 0 },
      { input: 20, output: 4, undivided: 0 },
    ];
    expect(tokenUnits(answers, 'qwen-plus')).toEqual([
      { unit: 'input-token', count: 30, model: 'qwen-plus' },
      { unit: 'output-token', count: 7, model: 'qwen-plus' },
    ]);
  });

  it('is the sum where the service told no parts, and nothing where it told nothing', () => {
    const silent = { input: 0, output: 0, undivided: 0 };
    expect(tokenUnits([silent, { ...silent, undivided: 9 }], 'm')).toEqual([{ unit: 'token', count: 9, model: 'm' }]);
    expect(tokenUnits([silent], 'm')).toEqual([]);
  });
});
