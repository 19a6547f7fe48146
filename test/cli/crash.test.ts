import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answeredTwice, type CrashRun, type Ground, makeGround, seeded, stageTimes } from '../support/crash.js';
import { makeFolder, removeFolder } from '../support/media.js';

// `npm run crash` does the same with 100 kills. CRASH_SEED repeats a run that failed; it is printed with the failure.

const kills = Number(process.env.CRASH_KILLS ?? 8);
const killsPerJob = 4;
const seed = Number(process.env.CRASH_SEED ?? 20_261_128);

let ground: Ground;
let undisturbed: CrashRun;
let sound: Buffer;
let paid: number;

beforeAll(async () => {
  ground = await makeGround(await makeFolder());
  undisturbed = await ground.run();
  expect(undisturbed).toMatchObject({ exit: 0 });
  sound = await ground.sound();
  paid = ground.ledger().size;
  expect(answeredTwice(ground.ledger())).toBe(0);
});

afterAll(async () => {
  await ground.emulator.close();
  await removeFolder(ground.folder);
});

const jobs = Array.from({ length: Math.ceil(kills / killsPerJob) }, (_, index) => index);

it.each(jobs)('a job that is killed again and again pays once and sounds the same (%i)', async (job) => {
  await ground.reset();
  const random = seeded(seed + job);
  const times = [...stageTimes(undisturbed)];
  const told: string[] = [];
  let inFlight = 0;
  // Every stage has the same chance, however short it is; within it any moment has. In their order, so that a kill
  // before the last does not find its work done.
  const stages = Array.from({ length: killsPerJob }, () => Math.floor(random() * times.length)).sort((a, b) => a - b);
  for (const [stage, ms] of stages.map((at) => times[at]!)) {
    const afterMs = Math.floor(random() * (ms + 20));
    const claims = await ground.runAndKill(stage, afterMs);
    inFlight += claims.length;
    told.push(`${stage}+${afterMs} ms (${claims.length} in flight)`);
  }
  const context = `CRASH_SEED=${seed}, job ${job}: ${told.join(', ')}`;
  if (process.env.CRASH_KILLS !== undefined)
    console.log(`${context}; answered twice ${answeredTwice(ground.ledger())}`);
  const last = await ground.run(['--force']);
  expect(last, context).toMatchObject({ exit: 0 });
  expect((await ground.sound()).equals(sound), context).toBe(true);
  expect(answeredTwice(ground.ledger()), context).toBeLessThanOrEqual(inFlight);
  expect(ground.ledger().size, context).toBe(paid);
  expect(
    (await readdir(ground.folder)).filter((name) => name.includes('.partial')),
    context,
  ).toEqual([]);
  expect(ground.emulator.violations).toEqual([]);
});

it('a run after that asks for nothing that costs money', async () => {
  const before = [...ground.ledger().values()].reduce((sum, count) => sum + count, 0);
  expect(await ground.run(['--force'])).toMatchObject({ exit: 0 });
  expect([...ground.ledger().values()].reduce((sum, count) => sum + count, 0)).toBe(before);
});
