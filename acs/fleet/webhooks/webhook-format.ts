// The formats of messages that a webhook may ask for.

/**
 * `standard`: Standard Webhooks 1.0. `cloudevents`: the structured mode of CloudEvents 1.0, signed in the same way. `tandem-1`: the only
 * format of earlier versions.
 */
export type WebhookFormat = (typeof webhookFormats)[number];
export const webhookFormats = ['standard', 'cloudevents', 'tandem-1'] as const;
