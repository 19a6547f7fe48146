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
 * @param drawn what `drawSounds` made of it; made here when left out
 * @returns the page; of films over 15 minutes it names the sound by path instead of holding it
 * @throws INPUT_UNREADABLE when the finished file is gone, FFMPEG_FAILED, INTERRUPTED
 */
export async function report(reported: Reported, ctx: StageContext, drawn?: Drawn): Promise<string> {
  const { source, verdict, timeline, folder, originalStreamIndex } = reported;
  const film = { source, dubPath: verdict.output, programmeMs: timeline.programmeMs, originalStreamIndex, folder };
  return renderPage({ reported, lines: reportLines(reported), ...(drawn ?? (await drawSounds(film, ctx))) });
}

/** What the pictures of a report are drawn from: nothing that a verdict tells. */
export interface DrawnFilm extends Pick<Reported, 'source' | 'originalStreamIndex' | 'folder'> {
  /** The finished file. */
  readonly dubPath: string;
  readonly programmeMs: number;
}

/** The sounds of source and dub as a page shows and plays them. */
export interface Drawn {
  readonly before: Picture;
  readonly after: Picture;
}

/**
 * Draws the sounds of source and dub. It needs no verdict, so it can go on beside the measuring.
 * @throws what `report` throws
 */
export async function drawSounds(
  { source, dubPath, originalStreamIndex, folder, programmeMs }: DrawnFilm,
  ctx: StageContext,
): Promise<Drawn> {
  const output = await probeFile(dubPath, ctx.tools, ctx.signal);
  const about = { folder, programmeMs };
  const [before, after] = await together(
    ctx.signal,
    (signal) => sourcePicture(source, originalStreamIndex, about, { ...ctx, signal }),
    (signal) =>
      pictureOf(output, output.streams.find(({ type }) => type === 'audio')?.index, about, { ...ctx, signal }),
  );
  return { before, after };
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
