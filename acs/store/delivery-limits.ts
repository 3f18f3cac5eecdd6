// Bounds of the queue of notices to webhooks, the same in every store.

/** Notices that wait for one webhook; what is beyond counts as dead, the oldest first. */
export const MAX_WAITING_DELIVERIES = 10_000;
/** Dead ones of one webhook that are kept to be looked at. */
export const MAX_DEAD = 1000;
