/** `true` for two types that can stand for each other, of which none is `any`; `false` for all others. */
export type Same<A, B> = 0 extends 1 & A ? false : [A, B] extends [B, A] ? true : false;
