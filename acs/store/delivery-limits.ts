// Bounds of the queue of notices to webhooks, the same in every store.

/** Notices that wait for one webhook; the oldest ones beyond count as dead. */
export const MAX_WAITING_DELIVERIES = 10_000;
/** Dead notices that are kept for one webhook. */
export const MAX_DEAD = 1000;
