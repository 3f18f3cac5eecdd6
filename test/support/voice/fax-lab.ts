// T.38 at the lab's bare SIP peer: descriptions of fax, and the settings of a unit that takes it.
import { type EndpointMedia, plainMedia } from '../../../cpe/voice/media/endpoint-media.ts';

export const faxMedia = (changes: Partial<NonNullable<EndpointMedia['t38']>> = {}): EndpointMedia => ({
  ...plainMedia,
  t38: { redundancy: 3, basePort: 6004, besideSrtp: true, onCallingTone: true, ...changes },
});

/** The peer's fax stream. @param lines attributes besides the version */
export function faxSdp(port: number, version: number, lines: string[] = []): string {
  return [
    'v=0',
    `o=- 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=image ${port} udptl t38`,
    'a=T38FaxVersion:0',
    ...lines,
    '',
  ].join('\r\n');
}
