import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/commands.js';
import { runEvent } from '../../src/pipeline/events.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  const words = '1\n00:00:00,000 --> 00:00:01,000\nHello.\n';
  for (const name of ['talk.mp4', 'talk.en.srt', 'talk.es.srt', 'talk.srt', 'other.mp4'])
    await writeFile(join(folder, name), words);
  await mkdir(join(folder, 'deep'));
  await writeFile(join(folder, 'deep', 'talk.mp4'), 'x');
});

afterAll(() => removeFolder(folder));

/** Runs a line, words split at spaces, with the folder's path shown as DIR. */
async function told(line: string): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { exit, stdout, stderr } = await callDub(line.split(' ').filter(Boolean), { cwd: folder });
  return { exit, stdout, stderr: stderr.replaceAll(folder, 'DIR') };
}

describe('what was typed wrong is told with the way out', () => {
  it.each([
    ['', 2, 'No input file is given.', 'For example: dub talk.mp4 --to es --offline. `dub --help` shows everything.'],
    ['talk.mp4', 2, 'No target language is given.', 'Add --to and a language, for example --to es.'],
    ['nofile.mp4 --to es', 3, 'There is no file DIR/nofile.mp4.', 'Check the spelling and the folder.'],
    ['talk.mp4 nofile.mp4 --to es', 3, 'There is no file DIR/nofile.mp4.', 'Check the spelling and the folder.'],
    ['docter', 2, '`docter` is neither a file nor a command.', 'Did you mean `dub doctor`?'],
    [
      '--quiet check talk.mp4',
      2,
      'The command comes first: dub check, then its options.',
      '`dub check --help` shows them.',
    ],
    [
      'https://x.org/a.mp4 --to es',
      3,
      'https://x.org/a.mp4 is an address, not a file.',
      'Fetch it first; dub reads files on this machine.',
    ],
    ['talk.mp4 --to spanich', 2, '--to: `spanich` is not a language.', 'Did you mean `es` (Spanish)?'],
    ['talk.mp4 --tp es', 2, '`--tp` is not an option of `dub`.', 'Did you mean `--to`?'],
    [
      '-x.mp4',
      2,
      '`-x.mp4` is not an option of `dub`.',
      '`dub --help` lists the options. A file of that name is given as ./-x.mp4 or after `--`.',
    ],
    ['config --verbsoe', 2, '`--verbsoe` is not an option of `dub config`.', 'Did you mean `--verbose`?'],

    ['talk.mp4 --to', 2, '`--to` needs a value.', 'Write it as --to <lang[,lang…]>.'],
    [
      'talk.mp4 --to --offline',
      2,
      '`--to` needs a value, but `--offline` follows it.',
      'If that is the value, write it as --to=--offline.',
    ],
    [
      'talk.mp4 --to es --voice --bed=keep',
      2,
      '`--voice` needs a value, but `--bed=keep` follows it.',
      'If that is the value, write it as --voice=--bed=keep.',
    ],
    ['talk.mp4 --to=--offline', 2, '--to: `--offline` is not a language.', undefined],
    // A flag that may stand alone never takes the word behind it for its value.
    ['--verify talk.mp4 --to es --frobnicate', 2, '`--frobnicate` is not an option of `dub`.', undefined],
    ['talk.mp4 --to es --offline=yes', 2, '`--offline` takes no value (`--offline=yes`).', 'Write just --offline.'],
    ['talk.mp4 --to es --bed duk', 2, '--bed must be duck, keep, mute or separate, not `duk`.', 'Did you mean `duck`?'],
    ['talk.mp4 --to es --duck-db 12', 2, '--duck-db must be a number from -60 to 0 dB, not `12`.', 'Did you mean -12?'],
    ['talk.mp4 --to es --script nope.srt', 3, 'There is no file DIR/nope.srt.', 'Check the spelling and the folder.'],
    ['talk.mp4 --to es --script deep', 3, 'DIR/deep is a folder, not a subtitle file.', 'Name an SRT or VTT file.'],
    [
      'talk.mp4 --to es --translation nope.srt',
      3,
      'There is no file DIR/nope.srt.',
      'Check the spelling and the folder.',
    ],
    [
      'talk.mp4 --to es --script talk.srt',
      2,
      'The language of DIR/talk.srt is not known.',
      'Say it with --from, for example --from en, or in the name: talk.en.srt.',
    ],
    [
      'talk.mp4 --to en --tts espeak-ng --script talk.en.srt',
      2,
      'The speech is English (en) already, and --to asks for en.',
      'Change --to, or --from if the speech is in another language.',
    ],
    [
      'talk.mp4 --to en-GB --from en --asr pocketsphinx',
      2,
      'The speech is English (en) already, and --to asks for en-GB.',
      'Change --to, or --from if the speech is in another language.',
    ],
    [
      'talk.mp4 --to es --script talk.en.srt --asr pocketsphinx',
      2,
      'Both --script and --asr pocketsphinx say where the words come from.',
      'Give one of them.',
    ],
    [
      'talk.mp4 --to es --translation de=talk.es.srt',
      2,
      'The translation DIR/talk.es.srt is German (de), but --to asks for es.',
      'Add de to --to, or leave the file out.',
    ],
    [
      'talk.mp4 --to es,fr --translation talk.srt',
      2,
      'It is not clear which of es, fr the translation DIR/talk.srt is for.',
      'Write it as --translation es=DIR/talk.srt.',
    ],
    [
      'talk.mp4 --to es --translation talk.es.srt --translation es=talk.srt',
      2,
      'There are two translations for es: DIR/talk.es.srt and DIR/talk.srt.',
      'Give one file for each target.',
    ],
    [
      'talk.mp4 --to es --tts pipper --asr pocketsphinx --translator apertium',
      2,
      'There is no tts provider "pipper". Did you mean piper?',
      undefined,
    ],
    [
      'talk.mp4 --to es --profile nigth',
      2,
      'There is no profile `nigth` (asked for by --profile).',
      'Known: aliyun, autodl, legacy and offline. No config file was found.',
    ],
    [
      'talk.mp4 --to es --config none.json',
      2,
      'There is no config file DIR/none.json.',
      'Check the path after --config.',
    ],
    [
      'talk.mp4 other.mp4 --to es --script talk.en.srt',
      2,
      '--script belongs to one input, but 2 are given.',
      'Call dub once for each of them.',
    ],
    [
      'talk.mp4 other.mp4 --to es -o out.mp4',
      2,
      'With 2 inputs, --output DIR/out.mp4 would name the same file twice.',
      'Put {name} into it, and {dir} if the names repeat: {dir}/{name}.{lang}{ext}.',
    ],
    [
      'talk.mp4 deep/talk.mp4 --to es -o done/',
      2,
      'With 2 inputs, --output DIR/done/{name}.{lang}{ext} would name the same file twice.',
      undefined,
    ],
    [
      'doctor talk.mp4',
      2,
      '`dub doctor` does not know what to do with `talk.mp4`.',
      '`dub doctor` looks at the machine, not at files.',
    ],
    [
      'config bed',
      2,
      '`dub config` does not know what to do with `bed`.',
      'It shows every setting; to change one, give its flag or edit .dubbingrc.',
    ],
    ['voices --lang xx', 2, '--lang: `xx` is not a language.', undefined],
    ['check', 2, 'No finished dub is named.', 'For example: dub check talk.es.mp4, or the work folder talk.dub.'],
    [
      'providers chek',
      2,
      '`dub providers` does not know what to do with `chek`.',
      'Call it alone, or as: dub providers check tts:espeak-ng',
    ],
    [
      'providers check ts:piper',
      2,
      '`ts:piper` does not name a provider.',
      'Write KIND:NAME, for example tts:piper; kinds are asr, translator, tts and store.',
    ],
    ['help chek', 2, '`chek` is not a command.', 'Did you mean `dub help check`?'],
    ['help frobnicate', 2, '`frobnicate` is not a command.', `The commands are ${commandNames.join(', ')}.`],
  ])('dub %s', async (line, exit, message, hint) => {
    const result = await told(line);
    expect(result.stderr.split('\n')[0]).toBe(`dub: ${message}`);
    if (hint !== undefined) expect(result.stderr).toBe(`dub: ${message}\n  ${hint}\n`);
    expect(result.exit).toBe(exit);
    expect(result.stdout).toBe('');
  });
});

describe('without an engine', () => {
  it('says that there is no key and names both ways out', async () => {
    const result = await told('talk.mp4 --to es');
    expect(result.stderr).toBe(
      'dub: There is no key for Model Studio, which would recognise the speech, translate and speak.\n' +
        '  Set DASHSCOPE_API_KEY to a key from https://bailian.console.aliyun.com, or add --offline to use only what this ' +
        'machine has. Or name engines yourself: --asr NAME or --script FILE; --translator NAME or --translation FILE; --tts NAME.\n',
    );
    expect(result.exit).toBe(5);
  });

  it('names only what is lacking', async () => {
    const result = await told('talk.mp4 --to es --script talk.en.srt --translation talk.es.srt');
    expect(result.stderr.split('\n')[0]).toBe('dub: There is no key for Model Studio, which would speak.');
  });

  it('says what a service that is named lacks', async () => {
    const result = await told('talk.mp4 --to es --asr qwen --translator apertium --tts espeak-ng');
    expect(result.stderr.split('\n')[0]).toBe('dub: asr qwen cannot be used: no API key.');
    expect(result.stderr).toContain('Set DASHSCOPE_API_KEY');
    expect(result.exit).toBe(5);
  });

  it.each(['--asr qwen', '--translator qwen-mt', '--tts qwen', '--store dashscope'])(
    'refuses %s under --offline',
    async (service) => {
      const rest = '--script talk.en.srt --translation talk.es.srt';
      const kept = { '--asr': '--translation talk.es.srt', '--translator': '--script talk.en.srt' };
      const words = kept[service.split(' ')[0] as keyof typeof kept] ?? rest;
      const result = await told(`talk.mp4 --to es --offline ${service} ${words}`);
      const spec = service.slice(2);
      expect(result.stderr.split('\n')[0]).toBe(`dub: ${spec} needs the network, and --offline forbids it.`);
      expect(result.exit).toBe(2);
    },
  );

  it('gathers everything that --offline lacks', async () => {
    const result = await told('talk.mp4 --to es --offline --script talk.en.srt');
    expect(result.stderr).toContain('  - There is no translation into es.\n');
    expect(result.stderr).toContain('--translation es=FILE.srt');
    expect(result.exit).toBe(2);
  });

  it('says what an engine that is not set up needs', async () => {
    const result = await told('talk.mp4 --to es --tts piper --asr pocketsphinx --translator apertium');
    expect(result.stderr.split('\n')[0]).toBe('dub: The options of tts:piper are not right: `model` is missing.');
    expect(result.exit).toBe(2);
  });

  it('stops before any work when a named program is not there', async () => {
    const result = await told(
      'talk.mp4 --to es --tts piper --piper-model talk.srt --piper-binary ./none --script talk.en.srt --translation talk.es.srt',
    );
    expect(result.exit).toBe(4);
    expect(result.stderr.split('\n')[0]).toBe('dub: piper was not found as `DIR/none`.');
  });
});

it('asks for the language when a recogniser cannot tell it', async () => {
  const module = join(folder, 'deaf.mjs');
  await writeFile(
    module,
    `const limits = { languages: ['en', 'de'], needsUrl: false, times: 'word', speakers: false, detectsLanguage: false, needsAudio: true };
     const ready = async () => ({ ready: true, detail: 'deaf' });
     const options = { safeParse: (data) => ({ success: true, data }) };
     export default { kind: 'asr', name: 'deaf', summary: 'x', options, create: () => ({ limits, ready, transcribe: async () => ({}) }) };`,
  );
  const result = await told('talk.mp4 --to es --asr ./deaf.mjs --translation talk.es.srt --tts espeak-ng');
  expect(result.stderr).toBe(
    'dub: deaf cannot tell which language is spoken.\n  Say it with --from, for example --from en.\n',
  );
});

describe('a provider module named by a config file', () => {
  it('is not run when the file was only found, and is when it is named', async () => {
    const project = join(folder, 'deep');
    await writeFile(join(project, 'evil.mjs'), 'throw new Error("I ran");');
    await writeFile(
      join(project, '.dubbingrc'),
      '{"tts": "./evil.mjs", "asr": "pocketsphinx", "translator": "apertium"}',
    );
    const home = join(folder, 'home');
    const found = await callDub(['talk.mp4', '--to', 'es'], { cwd: project, home });
    expect(found.stderr).toBe(
      `dub: \`tts\` in ${project}/.dubbingrc names code to run (${project}/evil.mjs), and that file was only found, not named.\n` +
        `  If you trust it, name the file with --config, or give --tts ${project}/evil.mjs yourself.\n`,
    );
    const named = await callDub(['talk.mp4', '--to', 'es', '--config', '.dubbingrc'], { cwd: project, home });
    expect(named.stderr).toContain('Error: I ran');
    expect(named.exit).toBe(2);
  });
});

describe('under --json', () => {
  it.each(['--json', '--json talk.mp4 --tp es', '--json nofile --to es', 'check --json', 'voices --json --lang xx'])(
    'the last line is an error event: dub %s',
    async (line) => {
      const { exit, stdout, stderr } = await told(line);
      const event = runEvent.parse(jsonLines(stdout).at(-1));
      expect(event).toMatchObject({ v: 1, type: 'error', exit });
      if (event.type === 'error')
        expect(stderr.startsWith(`dub: ${event.message.replaceAll(folder, 'DIR')}\n`)).toBe(true);
    },
  );
});

describe('control characters of a path', () => {
  it('are shown on stderr and stay as they are in the event', async () => {
    const name = 'a\nb\u001b[31m\u202e.mp4';
    const { stdout, stderr } = await callDub([name, '--to', 'es', '--json'], { cwd: folder });
    expect(stderr.split('\n')[0]).toBe(`dub: There is no file ${folder}/a\\nb\\x1b[31m\\u202e.mp4.`);
    expect(jsonLines(stdout)[0]).toMatchObject({ message: `There is no file ${folder}/${name}.` });
  });
});
