import type { Verdict } from '../domain/dub.js';
import type { Script, Translation } from '../domain/script.js';
import type { Source } from '../domain/source.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { probeFile } from '../media/probe.js';
import type { StageContext } from './context.js';
import { reportLines } from './report/lines.js';
import { renderPage } from './report/page.js';
import { type Picture, pictureOf } from './report/picture.js';
import { together } from './together.js';

/** Everything a report tells of besides the finished file itself. */
export interface Reported {
  readonly source: Source;
  readonly script: Script;
  readonly translation: Translation;
  readonly takes: Takes;
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  /** The stream of the input that was dubbed. */
  readonly originalStreamIndex: number;
  /** Absolute path of the folder that the page will lie in: files too long to go into it are named from there. */
  readonly folder: string;
}

/**
 * The verdict as one self-contained HTML page: waveforms of source and dub, lines as blocks on a time axis, every line's
 * text and figures with both sounds to play, histograms of onset error and tempo. It loads nothing from any network.
 * @returns the page; of films over 15 minutes it names the sound by path instead of holding it
 * @throws INPUT_UNREADABLE when the finished file is gone, FFMPEG_FAILED, INTERRUPTED
 */
export async function report(reported: Reported, ctx: StageContext): Promise<string> {
  const { source, verdict, timeline, folder, originalStreamIndex } = reported;
  const output = await probeFile(verdict.output, ctx.tools, ctx.signal);
  const about = { folder, programmeMs: timeline.programmeMs };
  const [before, after] = await together(
    ctx.signal,
    (signal) => sourcePicture(source, originalStreamIndex, about, { ...ctx, signal }),
    (signal) =>
      pictureOf(output, output.streams.find(({ type }) => type === 'audio')?.index, about, { ...ctx, signal }),
  );
  return renderPage({ reported, lines: reportLines(reported), before, after });
}

/** An input that has gone since is left blank: the page is about the dub. */
async function sourcePicture(
  source: Source,
  index: number,
  about: { readonly folder: string; readonly programmeMs: number },
  ctx: StageContext,
): Promise<Picture> {
  const there = await probeFile(source.path, ctx.tools, ctx.signal).catch(() => undefined);
  return pictureOf(there ?? source, there && index, about, ctx);
}
