import { describe, expect, it } from 'vitest';
import { DubError, type DubErrorCode } from '../../src/errors.js';
import { askInTurn, Breaker } from '../../src/stages/chain.js';

const fail = (code: DubErrorCode) => new DubError(code, code);
const [a, b] = [{ label: 'a' }, { label: 'b' }];

describe('asking in turn', () => {
  it('goes on to the next engine and tells of it', async () => {
    const told: string[] = [];
    const { value, by } = await askInTurn(
      [a, b],
      new Breaker(),
      async ({ label }) => {
        if (label === 'a') throw fail('PROVIDER_REFUSED');
        return label;
      },
      (from, to, { code }) => told.push(`${from.label} ${to.label} ${code}`),
    );
    expect({ value, by, told }).toEqual({ value: 'b', by: b, told: ['a b PROVIDER_REFUSED'] });
  });

  it.each(['INTERRUPTED', 'INPUT_NO_SPEECH', 'COST_LIMIT', 'DISK_FULL', 'USAGE'] as const)(
    'does not go on after %s, which no other engine can mend',
    async (code) => {
      const asked: string[] = [];
      const ask = async ({ label }: { label: string }) => {
        asked.push(label);
        throw fail(code);
      };
      await expect(askInTurn([a, b], new Breaker(), ask, () => undefined)).rejects.toMatchObject({ code });
      expect(asked).toEqual(['a']);
    },
  );

  it('asks the last engine whatever the breaker says, and throws its error', async () => {
    const breaker = new Breaker();
    const ask = async ({ label }: { label: string }) => {
      throw fail(label === 'a' ? 'PROVIDER_AUTH' : 'PROVIDER_TIMEOUT');
    };
    for (let time = 0; time < 5; time++)
      await expect(askInTurn([a, b], breaker, ask, () => undefined)).rejects.toMatchObject({
        code: 'PROVIDER_TIMEOUT',
      });
  });
});

describe('the breaker', () => {
  it('opens after three failures in a row, lets one probe through after a rest, and closes when that succeeds', () => {
    let now = 0;
    const breaker = new Breaker(() => now, { failures: 3, restMs: 1000 });
    for (let time = 0; time < 3; time++) {
      expect(breaker.allows('a')).toBe(true);
      breaker.failed('a', fail('PROVIDER_BUSY'));
    }
    expect([breaker.allows('a'), breaker.allows('b')]).toEqual([false, true]);
    now = 1000;
    expect([breaker.allows('a'), breaker.allows('a')]).toEqual([true, false]);
    breaker.failed('a', fail('PROVIDER_BUSY'));
    expect(breaker.allows('a')).toBe(false);
    now = 2000;
    expect(breaker.allows('a')).toBe(true);
    breaker.succeeded('a');
    expect([breaker.allows('a'), breaker.allows('a')]).toEqual([true, true]);
  });

  it('opens at once for an account that is refused, and never for what was wrong with a request', () => {
    const breaker = new Breaker(() => 0);
    breaker.failed('a', fail('PROVIDER_QUOTA'));
    expect(breaker.allows('a')).toBe(false);
    for (let time = 0; time < 9; time++) breaker.failed('b', fail('PROVIDER_REFUSED'));
    expect(breaker.allows('b')).toBe(true);
  });

  it('a success between failures starts the count anew', () => {
    const breaker = new Breaker(() => 0);
    for (let time = 0; time < 6; time++) {
      breaker.failed('a', fail('PROVIDER_TIMEOUT'));
      if (time % 2 === 1) breaker.succeeded('a');
    }
    expect(breaker.allows('a')).toBe(true);
  });
});
