import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dub, Mix } from '../../domain/dub.js';
import type { Source } from '../../domain/source.js';
import { hasIndexFirst } from '../../media/mp4-layout.js';
import { probeFile } from '../../media/probe.js';
import { runFfmpeg } from '../../media/run.js';
import type { StageContext } from '../context.js';
import { type MuxOptions, type MuxPlan, planMux } from './plan.js';

export type { MuxOptions } from './plan.js';

/**
 * Writes the output: the picture and every other stream copied as they are, the dub as first and default audio track.
 * @param options `path` is written whole or the run fails: hand it a scratch path beside the output, and rename it after
 * @returns where each stream of the input went, and what is not as it was in words; `path` is the scratch path
 * @throws FFMPEG_FAILED, DISK_FULL, INTERRUPTED
 */
export async function mux(
  source: Source,
  mix: Mix,
  options: MuxOptions & { readonly path: string },
  ctx: StageContext,
): Promise<Dub> {
  const scratch = await mkdtemp(join(ctx.scratch, 'mux-'));
  try {
    const dub = (await probeFile(mix.path, ctx.tools, ctx.signal)).streams.find((stream) => stream.type === 'audio')!;
    const indexFirst = await wantsIndexFirst(source, options);
    const besides = (name: string) => join(scratch, name);
    const files = { dubPath: mix.path, dub, indexFirst, besides, ffmpeg: ctx.tools.version };
    const plan = planMux(source, files, options);
    await prepare(plan, source, ctx);
    await write(plan, source, mix, options.path, ctx);
    for (const message of plan.warnings) ctx.emit({ type: 'warning', stage: 'mux', message });
    return { path: options.path, streams: plan.fates, warnings: plan.warnings };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** As the input had it; for the web, where the input is no MP4. Moving the index forward writes the file a second time. */
async function wantsIndexFirst(source: Source, options: MuxOptions): Promise<boolean> {
  if (!['mp4', 'mov', 'm4a'].includes(options.container)) return false;
  return source.format.includes('mov') ? hasIndexFirst(source.path) : true;
}

async function prepare(plan: MuxPlan, source: Source, ctx: StageContext): Promise<void> {
  if (plan.chapters) await writeFile(plan.chapters.path, plan.chapters.text);
  for (const { index, path } of plan.covers) {
    const output = { options: ['-map', `0:${index}`, '-c', 'copy', '-frames:v', '1', '-f', 'rawvideo'], to: path };
    await runFfmpeg(
      { purpose: 'read the cover art', inputs: [{ from: source.path }], outputs: [output] },
      ctx.tools,
      ctx.signal,
    );
  }
}

async function write(plan: MuxPlan, source: Source, mix: Mix, to: string, ctx: StageContext): Promise<void> {
  const total = (await stat(source.path)).size + (await stat(mix.path)).size;
  let writing = true;
  const timer = setInterval(async () => {
    const size = (await stat(to).catch(() => undefined))?.size ?? 0;
    if (writing) ctx.emit({ type: 'stage-progress', stage: 'mux', done: Math.min(size, total), total });
  }, 1000);
  try {
    await runFfmpeg(
      { purpose: 'write the output', inputs: plan.inputs, outputs: [{ options: plan.options, to }] },
      ctx.tools,
      ctx.signal,
    );
  } finally {
    writing = false;
    clearInterval(timer);
  }
}
