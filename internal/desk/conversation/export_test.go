package conversation

import "time"

// ForgetNames makes the next reader look for statuses and priorities in the database again.
func (s *Service) ForgetNames() {
	s.ref.mu.Lock()
	defer s.ref.mu.Unlock()
	s.ref.read = time.Time{}
}

// SetMaxRare makes lists think that so many conversations are few, until the returned function is called. With -1 there are
// never few enough to be found rather than filtered.
func SetMaxRare(n int) (restore func()) {
	was := maxRare
	maxRare = n
	return func() { maxRare = was }
}
