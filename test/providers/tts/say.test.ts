import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { ttsConformance } from '../../../src/providers/tts/conformance.js';
import { say } from '../../../src/providers/tts/say/index.js';
import { readVoiceList } from '../../../src/providers/tts/say/voices.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  expectConformance,
  type FaultyProgram,
  failingProgram,
  ffmpeg,
  readSpeech,
  runProgram,
  temporaryFolder,
  withoutService,
  writeProgram,
} from '../support.js';

const list = [
  'Albert              en_US    # Hello! My name is Albert.',
  'Mónica              es_ES    # ¡Hola! Me llamo Mónica.',
  'Eddy (Spanish (Mexico)) es_MX    # ¡Hola! Me llamo Eddy.',
  'Jorge (Enhanced)    es_ES    # ¡Hola! Me llamo Jorge.',
  'Samantha            en_US    # Hello! My name is Samantha.',
  'Sinji               zh_HK    # 你好！',
].join('\n');

/** Stands in for macOS: takes the options of its manual page and no others, and speaks with espeak-ng. */
const program = `
if [ "$#" = 2 ] && [ "$1 $2" = '-v ?' ]; then cat <<'LIST'
${list}
LIST
exit 0; fi
rate=175
while [ $# -gt 0 ]; do case "$1" in
  -v) voice=$2; shift 2;;
  -r) rate=$2; shift 2;;
  -o) out=$2; shift 2;;
  -f) file=$2; shift 2;;
  --file-format=WAVE) container=yes; shift;;
  --data-format=LEI16@22050) data=yes; shift;;
  *) echo "say: unrecognized option $1" >&2; exit 1;;
esac; done
[ "$container$data" = yesyes ] || { echo 'Opening output file failed: fmt?' >&2; exit 1; }
[ -f "$file" ] || { echo 'say: would wait for a terminal' >&2; exit 1; }
case "$voice" in Albert|Mónica|'Eddy (Spanish (Mexico))'|'Jorge (Enhanced)'|Samantha|Sinji) ;;
  *) echo "Voice $voice not found." >&2; exit 1;; esac
exec espeak-ng -v es -b 1 -z -s "$rate" -w "$out" -f "$file"
`;

const text = 'Buenos días.';
const longText = 'Buenos días. Hoy vamos a hablar del tiempo que hace en las montañas y en la costa.';
let folder: string;
let binary: string;
let engine: FaultyProgram;

function make(options: Record<string, unknown> = {}) {
  return say.create(say.options.parse({ binary, ...options }), { scratch: join(folder, 'scratch') });
}

beforeAll(async () => {
  await requirePrograms('espeak-ng', 'ffmpeg');
  folder = await temporaryFolder();
  binary = await writeProgram(folder, 'say', program);
  const [sample, silence] = [join(folder, 'sample.wav'), join(folder, 'silence.wav')];
  await runProgram('espeak-ng', '-v', 'es', '-w', sample, longText);
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=22050:cl=mono', '-t', '2', silence);
  engine = { folder, real: binary, queries: ['"-v ?"'], outputOption: '-o', sample, cutBytes: 9000, silence };
});

test('say conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-say-secret';
  const results = await runChecks(ttsConformance, {
    provider: make(),
    language: 'es',
    shortText: text,
    longText,
    unspokenLanguage: 'fi',
    secrets: ['sk-say-secret'],
    decode: readSpeech,
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
});

describe('say', () => {
  test('voices keep spaces and brackets; better ones come first, jokes last', () => {
    expect(readVoiceList(list).map((voice) => `${voice.name} ${voice.languages[0]}`)).toEqual([
      'Jorge (Enhanced) es-ES',
      'Mónica es-ES',
      'Eddy (Spanish (Mexico)) es-MX',
      'Samantha en-US',
      'Sinji zh-HK',
      'Albert en-US',
    ]);
  });

  test('voices of the asked region come first', async () => {
    const names = (await make().voices('es-MX', calm)).map((voice) => voice.name);
    expect(names).toEqual(['Eddy (Spanish (Mexico))', 'Jorge (Enhanced)', 'Mónica']);
  });

  test('a voice of another language speaks with a warning', async () => {
    const { warnings } = await make().synthesize({ text, language: 'es', voice: 'Samantha' }, calm);
    expect(warnings).toEqual(['The say voice Samantha is not one for es.']);
  });

  test('the rate is passed on', async () => {
    const lengthAt = async (rate: number) =>
      (await make({ rate }).synthesize({ text: longText, language: 'es', voice: 'Mónica' }, calm)).audio.length;
    expect(await lengthAt(350)).toBeLessThan((await lengthAt(175)) * 0.7);
  });

  test('where there is no say, it says that say belongs to macOS', async () => {
    expect(await make({ binary: '/nowhere/say' }).ready(calm)).toEqual({
      ready: false,
      detail: 'say was not found as `/nowhere/say`.',
      hint: '`say` is part of macOS and exists nowhere else; choose another engine with --tts.',
    });
  });
});
