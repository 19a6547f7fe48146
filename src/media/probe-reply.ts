import { z } from 'zod';

const tags = z.record(z.string(), z.string()).optional();

/** What ffprobe writes as JSON for streams, format, chapters and the first packets; only the fields that are used. */
export const probeReply = z.object({
  format: z.object({
    format_name: z.string(),
    duration: z.string().optional(),
    start_time: z.string().optional(),
    tags,
  }),
  streams: z.array(
    z.object({
      index: z.number(),
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      codec_tag_string: z.string().optional(),
      start_time: z.string().optional(),
      duration: z.string().optional(),
      bit_rate: z.string().optional(),
      sample_rate: z.string().optional(),
      channels: z.number().optional(),
      channel_layout: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: z.string().optional(),
      r_frame_rate: z.string().optional(),
      disposition: z.record(z.string(), z.number()).optional(),
      /** A hex dump. */
      extradata: z.string().optional(),
      tags,
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
    }),
  ),
  chapters: z.array(z.object({ start_time: z.string(), end_time: z.string(), tags })).optional(),
  packets: z
    .array(
      z.object({
        stream_index: z.number(),
        pts_time: z.string().optional(),
        side_data_list: z.array(z.object({ skip_samples: z.number().optional() })).optional(),
      }),
    )
    .optional(),
});

/** What ffprobe answered. */
export type ProbeReply = z.infer<typeof probeReply>;
/** One stream of it. */
export type ProbeStream = ProbeReply['streams'][number];

/** ffprobe's decimal seconds as microseconds; undefined for none and `N/A`. */
export function toMicroseconds(seconds: string | undefined): number | undefined {
  const value = Number(seconds);
  return seconds === undefined || !Number.isFinite(value) ? undefined : Math.round(value * 1e6);
}
