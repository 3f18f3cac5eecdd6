// Session descriptions for tests of the PBX, made of streams.

export interface StreamText {
  type: string;
  port: number;
  profile: string;
  formats: string;
  /** Without `a=`. */
  attributes: readonly string[];
}

export const crypto = 'crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
export const plainAudio: StreamText = { type: 'audio', port: 5004, profile: 'RTP/AVP', formats: '0', attributes: [] };
export const secureAudio: StreamText = { ...plainAudio, profile: 'RTP/SAVP', attributes: [crypto] };
export const t38: StreamText = { type: 'image', port: 6004, profile: 'udptl', formats: 't38', attributes: [] };

export function describeMedia(...streams: readonly StreamText[]): string {
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  for (const { type, port, profile, formats, attributes } of streams)
    lines.push(`m=${type} ${port} ${profile} ${formats}`, ...attributes.map(text => `a=${text}`));
  return `${lines.join('\r\n')}\r\n`;
}
