import { GRACE_MS, WatchBook } from "../hub-watch"

const ALL = 1_000

/** Writes all that is due, as if no row were locked. */
function write(book: WatchBook, now: number) {
  const notes = book.notes(now, ALL)
  book.written(
    notes,
    notes.map(({ id }) => id),
    now
  )
  return notes.map(({ id, at, watched }) => [id, at.getTime(), watched])
}

describe("Who looks at which charge", () => {
  let book: WatchBook
  beforeEach(() => {
    book = new WatchBook()
  })

  it("is noted when the first page opens, and not again", () => {
    book.look("a", 100)
    book.look("a", 200)
    expect(book.dueSince).toBe(100)
    expect(write(book, 300)).toEqual([["a", 100, true]])
    book.look("a", 400)
    expect(book.dueSince).toBeNull()
    expect(write(book, 500)).toEqual([])
  })

  it("is noted when the last page closed and none opened for a while", () => {
    book.look("a", 0)
    book.look("a", 0)
    write(book, 0)
    book.leave("a", 1_000)
    expect(book.dueSince).toBeNull()
    book.leave("a", 2_000)
    expect(book.dueSince).toBe(2_000 + GRACE_MS)
    expect(write(book, 2_000 + GRACE_MS - 1)).toEqual([])
    expect(write(book, 2_000 + GRACE_MS)).toEqual([["a", 2_000, false]])
    expect(book.isEmpty).toBe(true)
  })

  it("is no news when a page is loaded again", () => {
    book.look("a", 0)
    write(book, 0)
    book.leave("a", 1_000)
    book.look("a", 1_000 + GRACE_MS - 1)
    expect(book.dueSince).toBeNull()
    expect(write(book, 60_000)).toEqual([])
  })

  it("is written with its beginning of a page that was hidden before anything was", () => {
    book.look("a", 5)
    book.leave("a", 10)
    expect(book.notes(10 + GRACE_MS, ALL)).toEqual([
      { id: "a", at: new Date(10), watched: false, began: new Date(5) },
    ])
    expect(write(book, 10 + GRACE_MS)).toEqual([["a", 10, false]])
    expect(book.isEmpty).toBe(true)
  })

  it("begins anew with the page that is shown again before anything was written", () => {
    book.look("a", 5)
    book.leave("a", 10)
    const notes = book.notes(10 + GRACE_MS, ALL)
    book.look("a", 11 + GRACE_MS)
    book.written(notes, ["a"], 12 + GRACE_MS)
    expect(book.notes(13 + GRACE_MS, ALL)).toEqual([
      { id: "a", at: new Date(11 + GRACE_MS), watched: true, began: null },
    ])
  })

  it("is tried again, a few times, for a row that was locked", () => {
    book.look("a", 0)
    for (const now of [0, 2_000, 4_000, 6_000]) {
      expect(book.dueSince).toBe(now)
      book.written(book.notes(now, ALL), [], now)
    }
    expect(book.dueSince).toBeNull()
    expect(book.lastNotes(9_000)).toMatchObject([{ began: new Date(0) }])
    // The slow look finds what is still not written.
    book.correct("a", 16_000)
    expect(write(book, 16_000)).toEqual([["a", 16_000, true]])
  })

  it("is set right when another process's last page closed", () => {
    book.look("a", 0)
    book.correct("a", 50)
    expect(book.dueSince).toBe(0)
    write(book, 100)
    book.correct("a", 5_000)
    expect(write(book, 5_000)).toEqual([["a", 5_000, true]])
    book.leave("a", 6_000)
    book.correct("a", 7_000)
    expect(write(book, 9_000)).toEqual([["a", 6_000, false]])
  })

  it("does not matter once it is paid", () => {
    book.look("a", 0)
    write(book, 0)
    book.forget("a")
    book.leave("a", 10)
    expect(book.isEmpty).toBe(true)
    expect(book.dueSince).toBeNull()
  })

  it("changed while it was written: then that is written next", () => {
    book.look("a", 0)
    const notes = book.notes(0, ALL)
    book.leave("a", 10)
    book.written(notes, ["a"], 20)
    expect(write(book, 10 + GRACE_MS)).toEqual([["a", 10, false]])
  })

  it("is written so many at a time", () => {
    for (const id of ["a", "b", "c"]) {
      book.look(id, 0)
    }
    expect(book.notes(0, 2)).toHaveLength(2)
  })

  it("is nobody any more when the process ends", () => {
    book.look("a", 0)
    book.look("b", 0)
    write(book, 0)
    book.look("c", 1)
    expect(book.lastNotes(9)).toEqual([
      { id: "a", at: new Date(9), watched: false, began: null },
      { id: "b", at: new Date(9), watched: false, began: null },
      { id: "c", at: new Date(9), watched: false, began: new Date(1) },
    ])
  })
})
