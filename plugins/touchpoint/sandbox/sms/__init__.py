"""The Aliyun Dysmsapi side (2017-05-25): SendSms, SendBatchSms, QuerySendDetails behind ACS3-HMAC-SHA256."""
