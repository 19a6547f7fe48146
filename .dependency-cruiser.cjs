// The arrows between the rooms (CONTRIBUTING.md has the table). `npm run arrows` fails on any other.
const inRoom = (room) => `^src/${room}/`;

/** A room may import from these rooms and packages only; type-only imports count too. */
function only(name, from, allowed, options = {}) {
  return {
    name,
    severity: 'error',
    from: { path: from, ...(options.except ? { pathNot: options.except } : {}) },
    to: { pathNot: allowed },
  };
}

const errors = '^src/errors\\.ts$';
const domain = inRoom('domain');
const zod = '^node_modules/zod/';
const contracts = '^src/providers/(contract|define)\\.ts$|^src/providers/(asr|translation|tts|storage)/contract\\.ts$';
/** Node's own modules appear by their bare name. */
const node = '^(?!src/|node_modules/|test/|\\.)';
const list = (...patterns) => patterns;

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans-of-npm', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('errors-alone', errors, list('^$')),
    only('domain', domain, list(domain, zod)),
    only('subtitles', inRoom('subtitles'), list(inRoom('subtitles'), domain, errors)),
    only('sound', inRoom('sound'), list(inRoom('sound'), domain, errors)),
    only('align', inRoom('stages/align'), list(inRoom('stages/align'), domain)),
    only(
      'media',
      inRoom('media'),
      list(inRoom('media'), inRoom('sound'), domain, errors, zod, node, '^node_modules/(@types/)?fluent-ffmpeg/'),
    ),
    {
      name: 'fluent-ffmpeg-in-its-room',
      severity: 'error',
      from: { pathNot: '^src/media/(run|probe)\\.ts$' },
      to: { path: '^node_modules/(@types/)?fluent-ffmpeg/' },
    },
    only('net', inRoom('net'), list(inRoom('net'), errors, node, '^node_modules/undici/')),
    only('pricing', inRoom('pricing'), list(inRoom('pricing'), contracts, domain, errors)),
    only('workspace', inRoom('workspace'), list(inRoom('workspace'), domain, errors, node)),
    only(
      'contracts',
      '^src/providers/(asr|translation|tts|storage)/(contract|conformance)\\.ts$|^src/providers/(contract|define|conformance)\\.ts$',
      list(contracts, '^src/providers/conformance\\.ts$', '^src/net/http\\.ts$', domain, errors, zod),
    ),
    only(
      'vendors',
      inRoom('providers/vendors'),
      list(
        '^src/providers/vendors/',
        inRoom('net'),
        inRoom('subtitles'),
        inRoom('sound'),
        domain,
        errors,
        zod,
        node,
        '^node_modules/openai/',
      ),
    ),
    {
      name: 'openai-in-its-vendor',
      severity: 'error',
      from: { pathNot: '^src/providers/vendors/dashscope/' },
      to: { path: '^node_modules/openai/' },
    },
    only(
      'providers',
      '^src/providers/(asr|translation|tts|storage)/[^/]+/',
      list(
        '^src/providers/(asr|translation|tts|storage)/[^/]+/',
        contracts,
        '^src/providers/vendors/',
        inRoom('net'),
        inRoom('subtitles'),
        inRoom('sound'),
        domain,
        errors,
        zod,
        node,
        '^node_modules/(@types/)?ali-oss/',
        '^node_modules/aws4fetch/',
      ),
    ),
    {
      name: 'ali-oss-in-its-room',
      severity: 'error',
      from: { pathNot: '^src/providers/storage/oss/' },
      to: { path: '^node_modules/(@types/)?ali-oss/' },
    },
    {
      name: 'aws4fetch-in-its-room',
      severity: 'error',
      from: { pathNot: '^src/providers/storage/s3/' },
      to: { path: '^node_modules/aws4fetch/' },
    },
    {
      name: 'providers-apart',
      severity: 'error',
      from: { path: '^src/providers/(asr|translation|tts|storage)/([^/]+)/' },
      to: {
        path: '^src/providers/(asr|translation|tts|storage)/[^/]+/',
        pathNot: ['^src/providers/$1/$2/', '^src/providers/$1/contract\\.ts$'],
      },
    },
    {
      name: 'concrete-providers-by-registry-only',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/providers/registry\\.ts$',
          '^src/providers/(asr|translation|tts|storage)/[^/]+/',
          '^src/providers/vendors/',
        ],
      },
      to: { path: '^src/providers/(asr|translation|tts|storage)/[^/]+/|^src/providers/vendors/' },
    },
    only(
      'stages',
      inRoom('stages'),
      list(
        inRoom('stages'),
        contracts,
        inRoom('media'),
        inRoom('subtitles'),
        inRoom('sound'),
        domain,
        errors,
        '^node_modules/p-limit/',
        node,
      ),
      { except: inRoom('stages/align') },
    ),
    {
      name: 'stages-apart',
      severity: 'error',
      from: { path: '^src/stages/([^/.]+)' },
      to: { path: '^src/stages/', pathNot: ['^src/stages/(context|together|chain)\\.ts$', '^src/stages/$1(/|\\.ts$)'] },
    },
    only(
      'pipeline',
      inRoom('pipeline'),
      list(
        inRoom('pipeline'),
        inRoom('stages'),
        inRoom('workspace'),
        inRoom('pricing'),
        inRoom('media'),
        inRoom('subtitles'),
        contracts,
        '^src/providers/conformance\\.ts$',
        '^src/providers/tts/conformance\\.ts$',
        domain,
        errors,
        zod,
        node,
      ),
    ),
    only(
      'config',
      inRoom('config'),
      list(inRoom('config'), inRoom('pricing'), domain, errors, zod, node, '^node_modules/cosmiconfig/'),
    ),
    {
      name: 'cli',
      severity: 'error',
      // The one place that makes what providers are handed, the HTTP client among it.
      from: { path: inRoom('cli'), pathNot: '^src/cli/choosing/provider-tools\\.ts$' },
      to: {
        path: [
          '^src/(net|stages|sound|subtitles)/',
          '^src/providers/(asr|translation|tts|storage)/[^/]+/',
          '^src/providers/vendors/',
        ],
      },
    },
    {
      name: 'one-room-per-package',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^node_modules/(commander|(@types/)?cli-progress)/' },
    },
    { name: 'src-stands-alone', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|fixtures|bin)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
