import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asr } from '../../emulators/dashscope/asr.js';
import { chat } from '../../emulators/dashscope/chat.js';
import { defaultKey, type Emulator, startEmulator } from '../../emulators/dashscope/server.js';
import { tts } from '../../emulators/dashscope/tts.js';
import { ear } from '../../providers/asr/qwen.support.js';
import { type CallResult, callDub } from '../../support/command.js';

/** Folder of the talk and its texts. */
export const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));

/** A talk of eight lines in a folder of its own, and Model Studio on this machine to dub it. */
export interface PaidTalk {
  readonly emulator: Emulator;
  /** Calls the command with a key, in the talk's folder, with a cache of its own. */
  call(...args: readonly string[]): Promise<CallResult>;
  close(): Promise<void>;
}

/** @param translate what the translator makes of a line */
export async function startPaidTalk(folder: string, translate: (text: string) => string): Promise<PaidTalk> {
  for (const name of ['talk.mp4', 'talk.en.srt', 'talk.es.srt'])
    await copyFile(join(fixtures, name), join(folder, name));
  const emulator = await startEmulator({ parts: [asr(ear), chat({ translate }), tts()] });
  const env = {
    DASHSCOPE_API_KEY: defaultKey,
    DASHSCOPE_BASE_URL: emulator.url,
    DUBBING_CACHE: join(folder, 'cache'),
  };
  return {
    emulator,
    call: (...args) => callDub(args, { cwd: folder, env }),
    close: () => emulator.close(),
  };
}
