module tenlock

go 1.19
