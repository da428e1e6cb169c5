package password

// Niceness is the nice value of hashing threads.
const Niceness = niceness
