package conversation

import "time"

// ForgetNames makes the next reader look for statuses and priorities in the database again.
func (s *Service) ForgetNames() {
	s.ref.mu.Lock()
	defer s.ref.mu.Unlock()
	s.ref.read = time.Time{}
}
