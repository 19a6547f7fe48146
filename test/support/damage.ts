/**
 * Makes a function that damages bytes in a few places: changed, taken out, put in, cut off or doubled.
 * @param random in [0, 1)
 */
export function damager(random: () => number): (bytes: Uint8Array) => Buffer {
  const pick = (count: number) => Math.floor(random() * count);
  return (bytes) => {
    let damaged = Buffer.from(bytes);
    for (let times = 1 + pick(3); times > 0; times--) {
      const at = pick(damaged.length + 1);
      const [before, after] = [damaged.subarray(0, at), damaged.subarray(at)];
      const some = Buffer.from(Array.from({ length: 1 + pick(4) }, () => pick(256)));
      const token = Buffer.from(['{', '[', '"', 'null', '1e999', '\\u0000', '../../x', '-'][pick(8)]!);
      const ways = [
        () => Buffer.concat([before, some, after.subarray(some.length)]),
        () => Buffer.concat([before, after.subarray(1 + pick(8))]),
        () => Buffer.concat([before, token, after]),
        () => before,
        () => Buffer.concat([before, after.subarray(0, pick(200)), after]),
      ];
      damaged = Buffer.from(ways[pick(ways.length)]!());
    }
    return damaged;
  };
}
