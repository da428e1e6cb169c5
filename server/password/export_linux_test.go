package password

// Niceness is the nice value of threads that hash.
const Niceness = niceness
