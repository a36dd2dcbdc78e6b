/** Loaded into each child process of a shop: none outlives the process that started it, kill -9 included. */
process.once("disconnect", () => process.exit(1))
// Only to listen is no reason to stay.
process.channel?.unref()
