// Answers may come in another order than they were asked for: what somebody wished for last is what is shown.
let wishes = 0;
let moves = 0;

// A wish is a link, a key, a form. Tells whether it is still the newest.
export function wish() {
  moves += 1;
  const mine = ++wishes;
  return () => mine === wishes;
}

// What opens over the page replaces nothing; it only comes too late when somebody has wished for something else since.
export function unlessWished() {
  const before = wishes;
  return () => wishes === before;
}

// An answer takes its place: whoever looked before it came has seen an older state.
export const moved = () => (moves += 1);

// Looks after news, gathered for `wait` ms, one look at a time. `look(still)` asks `still()` before it shows what it found:
// no, once somebody has wished for something since. Then it looks again.
export function looker(wait, look) {
  let timer = 0;
  let looking = false;
  let again = false;
  async function run() {
    timer = 0;
    if (looking) return void (again = true);
    looking = true;
    again = false;
    const before = moves;
    let seen = true;
    try {
      await look(() => (seen = moves === before));
    } finally {
      looking = false;
      if (again || !seen) later();
    }
  }
  const later = () => (timer ||= setTimeout(run, wait));
  return later;
}
